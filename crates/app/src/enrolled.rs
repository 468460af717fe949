//! The people who are enrolled, as every command meets them: where their file is, and
//! which model their numbers are of.

use anyhow::{Context, Result, bail};
use biometrics::LoadedModel;
use etcetera::BaseStrategy;
use facenet::gallery::{FACE_FRAMING, PersonName};
use store::{Access, Location, Model, Search, Store, StoreError};

use crate::arguments::StoreChoice;
use crate::output::{escaped, note};

/// What was named, or the user's own file.
pub(crate) fn location(choice: &StoreChoice) -> Result<Location> {
    let Some(named) = &choice.db else {
        expect_exact(choice, "a file's are searched exactly")?;
        return match etcetera::choose_base_strategy() {
            Ok(folders) => {
                Ok(Location::File(folders.data_dir().join("facenet").join("people.redb")))
            }
            Err(error) => {
                bail!("there is no folder for data ({error}): name a file with --db PATH")
            }
        };
    };
    let mut location = Location::parse(named).context("--db")?;
    match &mut location {
        Location::Postgres(database) => database.search = choice.search(),
        Location::File(_) => expect_exact(choice, "a file's are searched exactly")?,
    }
    Ok(location)
}

/// Refuses `--search hnsw` where nobody would heed it.
pub(crate) fn expect_exact(choice: &StoreChoice, but: &str) -> Result<()> {
    match choice.search() {
        Search::Exact => Ok(()),
        Search::Hnsw => bail!("--search hnsw is for people in PostgreSQL; {but}"),
    }
}

/// What the store knows a model by.
pub(crate) fn identity(model: &LoadedModel) -> Model {
    Model {
        variant: model.variant().name().to_owned(),
        weights_sha256: model.hash().to_owned(),
        framing: FACE_FRAMING.to_owned(),
    }
}

/// The store, for people of the model in use.
pub(crate) fn open(choice: &StoreChoice, model: &LoadedModel, access: Access) -> Result<Store> {
    let location = location(choice)?;
    let store = told(Store::open(&location, &identity(model), access))?;
    if let Some(remark) = store.remark() {
        note(format_args!("{remark}"));
    }
    Ok(store)
}

/// The store as it is, whatever the model: for what needs no numbers to be compared.
pub(crate) fn open_any(choice: &StoreChoice, access: Access) -> Result<Store> {
    let location = location(choice)?;
    let nobodys = Model {
        variant: String::new(),
        weights_sha256: "0".repeat(64),
        framing: FACE_FRAMING.to_owned(),
    };
    // Of a store that holds nobody yet, nobody can be shown or removed; and none is made.
    match &location {
        Location::File(path) => {
            if !std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0) {
                return told(Err(StoreError::Missing { file: path.clone() }));
            }
        }
        Location::Postgres(_) if access == Access::Write => {
            drop(told(Store::open_any(&location, &nobodys, Access::Read))?);
        }
        Location::Postgres(_) => {}
    }
    told(Store::open_any(&location, &nobodys, access))
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
                store.location(),
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

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use clap::Parser;

    use crate::arguments::{Arguments, Command};
    use crate::commands;
    use crate::output::Output;

    #[test]
    fn an_index_is_refused_where_none_is_asked() {
        let hnsw = |words: &str| {
            let arguments = Arguments::try_parse_from(words.split(' ')).unwrap();
            let mut output = Output::stdout(false);
            let ended = match arguments.command {
                Command::Gallery(gallery) => commands::gallery::run(&gallery, &mut output),
                Command::Recognize(recognize) => commands::recognize::run(&recognize, &mut output),
                Command::Watch(watch) => commands::watch::run(&watch, &mut output),
                _ => unreachable!("another command"),
            };
            format!("{:#}", ended.unwrap_err())
        };
        for (words, why) in [
            ("facenet gallery path --search hnsw", "a file's"),
            ("facenet gallery path --search hnsw --db x", "a file's"),
            ("facenet recognize --search hnsw --gallery none x.jpg", "a folder's"),
            ("facenet watch --search hnsw --db postgres://localhost/x none", "in memory"),
        ] {
            let error = hnsw(words);
            assert!(error.starts_with("--search hnsw is for") && error.contains(why), "{error}");
        }
    }
}
