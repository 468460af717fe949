//! Stores in files of temporary directories.

use std::path::{Path, PathBuf};

use store::{Access, Error, Store};
use store_conformance::fixtures;
use tempfile::TempDir;

/// A directory, and the path of a store that does not exist yet.
pub(crate) fn fresh() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("deep/er/people.redb");
    (directory, path)
}

pub(crate) fn open(path: &Path, access: Access) -> Result<Store, Error> {
    Store::open(path, &fixtures::model("a"), access)
}

/// A store of so many people, each with one template whose seed is their number.
pub(crate) fn filled(path: &Path, people: u64) -> Store {
    fixtures::filled(&|model, access| Store::open_any_model(path, model, access), people)
}
