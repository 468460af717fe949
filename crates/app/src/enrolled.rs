//! The people who are enrolled, as every command meets them: where their file is, and
//! which model their numbers are of.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use etcetera::BaseStrategy;
use facenet::gallery::{FACE_FRAMING, PersonName};
use store::{Access, Model, Store, StoreError};

use crate::arguments::{ModelChoice, StoreChoice};
use crate::decision::weights_hash;
use crate::output::escaped;

/// The file that was named, or the user's own.
pub(crate) fn path(choice: &StoreChoice) -> Result<PathBuf> {
    if let Some(path) = &choice.db {
        if path.to_str().is_some_and(|path| path.contains("://")) {
            bail!(
                "--db {}: expected a file; this program was built without databases on other \
                 machines",
                escaped(&path.display().to_string())
            );
        }
        return Ok(path.clone());
    }
    match etcetera::choose_base_strategy() {
        Ok(folders) => Ok(folders.data_dir().join("facenet").join("people.redb")),
        Err(error) => bail!("there is no folder for data ({error}): name a file with --db PATH"),
    }
}

/// The model that is in use.
pub(crate) fn model(choice: &ModelChoice) -> Result<Model> {
    let (variant, framing) = (choice.variant.name().to_owned(), FACE_FRAMING.to_owned());
    Ok(Model { variant, weights_sha256: weights_hash(choice)?, framing })
}

/// The store, for people of the model in use.
pub(crate) fn open(choice: &StoreChoice, access: Access) -> Result<Store> {
    let path = path(choice)?;
    told(Store::open(&path, &model(&choice.model)?, access))
}

/// The store as it is, whatever the model: for what needs no numbers to be compared.
pub(crate) fn open_any(choice: &StoreChoice, access: Access) -> Result<Store> {
    let path = path(choice)?;
    // Of a store that holds nobody yet, nobody can be shown or removed.
    if !std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        expect_there(&path)?;
    }
    let nobodys = Model {
        variant: String::new(),
        weights_sha256: "0".repeat(64),
        framing: FACE_FRAMING.to_owned(),
    };
    told(Store::open_any(&path, &nobodys, access))
}

fn expect_there(path: &Path) -> Result<()> {
    told(Err(StoreError::Missing { file: path.to_path_buf() }))
}

/// With what to do about it.
fn told<T>(result: Result<T, StoreError>) -> Result<T> {
    result.map_err(|error| match error {
        StoreError::Missing { .. } => {
            anyhow::Error::new(error).context("enrol somebody first: facenet enroll NAME PHOTO…")
        }
        error => error.into(),
    })
}

/// Refuses names that nobody has, and says who there is.
pub(crate) fn expect_known(store: &Store, names: &[PersonName]) -> Result<()> {
    let list = store.list()?;
    for name in names {
        if !list.iter().any(|person| person.name == *name) {
            let names: Vec<_> = list.iter().map(|person| &person.name).collect();
            let unknown = StoreError::NoPerson { name: name.as_str().to_owned() };
            bail!(
                "{unknown} in {}; it has {}",
                store.path().display(),
                match &names[..] {
                    [] => "nobody".to_owned(),
                    names => abridged(names.iter().copied()),
                }
            );
        }
    }
    Ok(())
}

/// Names in a list, of which there may be many.
pub(crate) fn abridged<'n>(names: impl ExactSizeIterator<Item = &'n PersonName>) -> String {
    const SHOWN: usize = 10;
    let more = names.len().saturating_sub(SHOWN);
    let shown: Vec<_> = names.take(SHOWN).map(|name| escaped(name.as_str())).collect();
    match more {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
