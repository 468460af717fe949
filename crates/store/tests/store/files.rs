//! Stores in files of fresh folders.

use std::path::{Path, PathBuf};

use store::{Access, Location, Store, StoreError};
use tempfile::TempDir;

use crate::made;

/// A folder, and the path of a store that is not there yet.
pub(crate) fn fresh() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/people.redb");
    (folder, path)
}

pub(crate) fn open(path: &Path, access: Access) -> Result<Store, StoreError> {
    made::open(&Location::File(path.to_path_buf()), access)
}

/// A store of `people` with one template each, whose seed is their number.
pub(crate) fn filled(path: &Path, people: u64) -> Store {
    made::filled(&Location::File(path.to_path_buf()), people)
}
