//! The people who are enrolled, as every command meets them: where their file is, which
//! model their numbers are of, and below which distance one of them is recognised.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use etcetera::BaseStrategy;
use facenet::gallery::PersonName;
use facenet::matching::Threshold;
use store::{Access, Model, Store, StoreError};

use crate::arguments::{Decision, ModelChoice, StoreChoice};
use crate::face_reader::weights;
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
    let weights_sha256 = weights(choice)?.hash();
    Ok(Model { variant: choice.variant.name().to_owned(), weights_sha256 })
}

/// The store, for people of the model in use.
pub(crate) fn open(choice: &StoreChoice, model: &ModelChoice, access: Access) -> Result<Store> {
    let path = path(choice)?;
    told(Store::open(&path, &self::model(model)?, access))
}

/// The store as it is, whatever the model: for what needs no numbers to be compared.
pub(crate) fn open_any(choice: &StoreChoice, access: Access) -> Result<Store> {
    let path = path(choice)?;
    // Of a store that holds nobody yet, nobody can be shown or removed.
    if !std::fs::metadata(&path).is_ok_and(|metadata| metadata.len() > 0) {
        expect_there(&path)?;
    }
    let nobodys = Model { variant: String::new(), weights_sha256: "0".repeat(64) };
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

/// The distance below which a probe is taken for the nearest of `people`.
///
/// One place for all commands and the server: with many people the nearest stranger
/// comes closer, so a threshold that is fitted to the number belongs here.
pub(crate) fn identification_threshold(decision: &Decision, _people: usize) -> Threshold {
    decision.threshold
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
