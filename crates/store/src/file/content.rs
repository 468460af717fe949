//! The file of a store and the redb database in it.

use redb::{Database, ReadableDatabase};

use super::atomic_file::{AtPath, ReplaceableFile};
use super::failure::{Failure, FilePath};
use super::overlay::BoxedStorage;
use super::tables::{FORMAT, ReadTables, WriteTables};
use crate::backend::Rewrite;
use crate::{Error, Model};

/// Memory in which redb may keep pages: they are read once, into a gallery.
const CACHE_BYTES: usize = 16 << 20;

/// The file, and the database in it.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) file: Box<dyn ReplaceableFile>,
    /// `None` if it could not be opened again after an error.
    pub(super) database: Option<Database>,
}

impl Content {
    pub(super) fn database(&self) -> Result<&Database, redb::Error> {
        self.database.as_ref().ok_or(redb::Error::DatabaseClosed)
    }

    /// Checks that a change reached, or will reach, the file at the path.
    pub(super) fn expect_same(&self, at: &FilePath) -> Result<(), Error> {
        match self.file.at_path().map_err(|source| at.io("find it", source))? {
            AtPath::Same => Ok(()),
            AtPath::Other | AtPath::Nothing => Err(Error::FileReplaced { at: at.0.clone() }),
        }
    }

    /// Replaces the file by one with the people that `rewrite` returns. That survives a crash
    /// once the directory is synced.
    pub(super) fn replace(
        &mut self,
        at: &FilePath,
        model: &Model,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<(), Error> {
        let staged = self.stage(at, model, rewrite);
        if staged.is_err() {
            self.file.discard_staging();
        }
        self.database = Some(staged?);
        Ok(())
    }

    fn stage(
        &mut self,
        at: &FilePath,
        model: &Model,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<Database, Error> {
        let staging = self.file.staging().map_err(|source| at.io("create a new file", source))?;
        let database = at.opened(create_database(staging))?;
        at.writing(|| describe(&database, model))?;
        self.copy(at, &database, model, rewrite)?;
        self.expect_same(at)?;
        self.file.commit().map_err(|source| at.io("replace it by the new file", source))?;
        Ok(database)
    }

    /// Writes the people that `rewrite` returns into another database.
    fn copy(
        &self,
        at: &FilePath,
        to: &Database,
        model: &Model,
        rewrite: &mut Rewrite<'_>,
    ) -> Result<(), Error> {
        let transaction = at.reading(|| Ok(self.database()?.begin_read()?))?;
        let from = at.reading(|| open_tables(&transaction))?;
        let transaction = at.writing(|| Ok(begin_write(to)?))?;
        if let Some(from) = from {
            let mut tables = at.writing(|| WriteTables::open(&transaction, model))?;
            at.reading(|| {
                from.for_each(|name, row| {
                    let person = from.complete(name.clone(), row, true)?;
                    let failed = |source| Failure::Store(Error::callback(&name, source));
                    let Some(person) = rewrite(person).map_err(failed)? else { return Ok(()) };
                    at.writing(|| tables.put(&person)).map_err(Failure::Store)
                })
            })?;
        }
        at.writing(|| Ok(transaction.commit()?))
    }
}

/// Opens the database in a file and reads its model: nothing, if it is new.
pub(super) fn open_database(
    at: &FilePath,
    file: &dyn ReplaceableFile,
) -> Result<(Database, Option<Model>), Error> {
    let storage = file.storage().map_err(|source| at.io("open it", source))?;
    let database = at.opened(create_database(storage))?;
    match at.reading(|| ReadTables::about(&database.begin_read()?))? {
        Some((FORMAT, model)) => Ok((database, Some(model))),
        Some((found, _)) => Err(Error::Version { at: at.0.clone(), expected: FORMAT, found }),
        None => Ok((database, None)),
    }
}

fn create_database(storage: BoxedStorage) -> Result<Database, redb::DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    // Reports bit flips as errors instead of panicking.
    builder.set_check_integrity_on_open(true);
    builder.create_with_backend(storage)
}

pub(super) fn begin_write(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    // With one phase, a file with chosen content could pass for a committed one after a
    // crash.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Writes the format and the model, and creates empty tables.
pub(super) fn describe(database: &Database, model: &Model) -> Result<(), Failure> {
    let transaction = begin_write(database)?;
    WriteTables::describe(&transaction, model)?;
    WriteTables::open(&transaction, model)?;
    transaction.commit()?;
    Ok(())
}

/// The tables, if there are any yet.
pub(super) fn open_tables(
    transaction: &redb::ReadTransaction,
) -> Result<Option<ReadTables>, Failure> {
    match ReadTables::about(transaction)? {
        Some(_) => ReadTables::open(transaction).map(Some),
        None => Ok(None),
    }
}
