//! Opens the store of enrolled people that a command's options name.

use anyhow::{Context, Result, bail};
use biometrics::LoadedModel;
use etcetera::BaseStrategy;
use facenet::gallery::{CROP_VERSION, PersonName};
use store::{Access, Error, Location, Model, SearchMethod, Store};

use crate::arguments::StoreChoice;
use crate::output::note;
use crate::text::abridged;

/// The location from `--db`, or the user's own file.
pub(crate) fn location(choice: &StoreChoice) -> Result<Location> {
    let Some(named) = &choice.db else {
        expect_exact(choice, "a file's people are compared exactly")?;
        return match etcetera::choose_base_strategy() {
            Ok(folders) => {
                Ok(Location::File(folders.data_dir().join("facenet").join("people.redb")))
            }
            Err(error) => {
                bail!("the user's data folder is unknown ({error}): name a file with --db PATH")
            }
        };
    };
    let mut location = Location::parse(named).context("--db")?;
    match &mut location {
        Location::Postgres(address) => address.search = choice.search(),
        Location::File(_) => expect_exact(choice, "a file's people are compared exactly")?,
    }
    Ok(location)
}

/// Refuses `--search hnsw` where it would have no effect.
pub(crate) fn expect_exact(choice: &StoreChoice, reason: &str) -> Result<()> {
    match choice.search() {
        SearchMethod::Exact => Ok(()),
        SearchMethod::Hnsw => bail!("--search hnsw is for people in PostgreSQL; {reason}"),
    }
}

/// The identity of the model in use, as the store records it.
pub(crate) fn identity(model: &LoadedModel) -> Model {
    Model {
        variant: model.variant().name().to_owned(),
        weights_sha256: model.hash().to_owned(),
        crop_version: CROP_VERSION.to_owned(),
    }
}

/// Opens the store for templates of the model in use.
pub(crate) fn open(choice: &StoreChoice, model: &LoadedModel, access: Access) -> Result<Store> {
    let model = identity(model);
    let store = open_at(&location(choice)?, &model, access);
    let store = with_hint(store.and_then(|store| store.expect_model(&model)))?;
    if let Some(warning) = store.warning() {
        note(format_args!("{warning}"));
    }
    Ok(store)
}

/// Opens an existing store of any model, for requests that compare no encodings.
pub(crate) fn open_any(choice: &StoreChoice, access: Access) -> Result<Store> {
    let location = location(choice)?;
    let model = Model::unspecified();
    // A store that does not exist has nobody to show or remove, and must not be created.
    match &location {
        Location::File(path) => {
            if !std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0) {
                return with_hint(Err(Error::Missing { at: path.display().to_string() }));
            }
        }
        Location::Postgres(_) if access == Access::Write => {
            drop(with_hint(open_at(&location, &model, Access::Read))?);
        }
        Location::Postgres(_) => {}
    }
    let store = with_hint(open_at(&location, &model, access))?;
    // What a database warns of is its searches.
    if let (Location::File(_), Some(warning)) = (&location, store.warning()) {
        note(format_args!("{warning}"));
    }
    Ok(store)
}

/// Opens a file, or a database if the program was built with support for it.
fn open_at(location: &Location, model: &Model, access: Access) -> Result<Store, Error> {
    match location {
        Location::File(path) => Store::open_any_model(path, model, access),
        #[cfg(feature = "postgres")]
        Location::Postgres(address) => store_postgres::open_any_model(address, model, access),
        #[cfg(not(feature = "postgres"))]
        Location::Postgres(address) => Err(Error::WithoutPostgres { at: address.to_string() }),
    }
}

/// Adds a hint on how to fix the error.
fn with_hint<T>(result: Result<T, Error>) -> Result<T> {
    result.map_err(|error| match error {
        Error::Missing { .. } => {
            anyhow::Error::new(error).context("enroll somebody first: facenet enroll NAME PHOTO…")
        }
        error => error.into(),
    })
}

/// Refuses names of people who are not enrolled; the error lists those who are.
pub(crate) fn expect_known(store: &Store, names: &[PersonName]) -> Result<()> {
    let list = store.list()?;
    for name in names {
        if !list.iter().any(|person| person.name == *name) {
            let names: Vec<_> = list.iter().map(|person| &person.name).collect();
            let unknown = Error::person_not_found(name);
            bail!(
                "{unknown} in {}; it has {}",
                store.location(),
                match &names[..] {
                    [] => "nobody".to_owned(),
                    names => abridged(names.iter().map(|name| name.as_str())),
                }
            );
        }
    }
    Ok(())
}
