//! People in a redb file.
//!
//! An enrollment is a transaction in the file. Every other change writes a new file that
//! replaces the old one, so that its free pages keep nobody.

mod atomic_file;
#[cfg(test)]
mod faults;
mod overlay;
pub(crate) mod record;
mod tables;

use std::path::Path;

use facenet::gallery::PersonName;
use redb::{Database, ReadableDatabase};

use crate::backend::{Backend, Rewrite, check_template_count};
use crate::person::{Enrollment, Model, Person, PersonSummary, Template};
use crate::{Access, BoxError, Error};
use atomic_file::{AtomicFile, ReplaceableFile};
use overlay::BoxedStorage;
use record::PersonRow;
use tables::{FORMAT, Failure, ReadTables, WriteTables};

/// Memory in which redb may keep pages: they are read once, into a gallery.
const CACHE_BYTES: usize = 16 << 20;

/// Enrolled people in a file.
#[derive(Debug)]
pub(crate) struct FileStore {
    at: FilePath,
    file: Box<dyn ReplaceableFile>,
    database: Database,
    model: Model,
}

impl FileStore {
    /// Opens the store at `path`, of any model; `model` is a new store's. Every page of the
    /// file is checked.
    pub(crate) fn open(path: &Path, model: &Model, access: Access) -> Result<Self, Error> {
        let (file, storage) = AtomicFile::open(path, access)?;
        Self::open_storage(path, Box::new(file), storage, model)
    }

    /// Opens the store in `storage`, the present content of `file`.
    fn open_storage(
        path: &Path,
        file: Box<dyn ReplaceableFile>,
        storage: BoxedStorage,
        model: &Model,
    ) -> Result<Self, Error> {
        let at = FilePath(path.display().to_string());
        let database = at.opened(open_database(storage))?;
        let about = at.reading(|| ReadTables::about(&database.begin_read()?))?;
        let model = match about {
            Some((FORMAT, model)) => model,
            Some((found, _)) => {
                return Err(Error::Version { at: at.0, expected: FORMAT, found });
            }
            None => {
                at.writing(|| describe(&database, model))?;
                model.clone()
            }
        };
        Ok(Self { at, file, database, model })
    }

    /// [`rewrite`](Backend::rewrite) for the same model.
    fn rewrite_each(
        &mut self,
        mut rewrite: impl FnMut(Person) -> Result<Option<Person>, BoxError>,
    ) -> Result<(), Error> {
        let model = self.model.clone();
        self.rewrite(&model, &mut rewrite)
    }

    /// Writes the people that `rewrite` returns into another database.
    fn copy(&self, to: &Database, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error> {
        let at = &self.at;
        let transaction = at.reading(|| Ok(self.database.begin_read()?))?;
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

    fn expect(&self, name: &PersonName) -> Result<(), Error> {
        match self.read(|tables| tables.contains(name.as_str()))? {
            true => Ok(()),
            false => Err(Error::person_not_found(name)),
        }
    }

    /// Reads the tables in one transaction. A new store has none: the default.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(&ReadTables) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.at.reading(|| {
            let transaction = self.database.begin_read()?;
            match open_tables(&transaction)? {
                Some(tables) => read(&tables),
                None => Ok(T::default()),
            }
        })
    }
}

impl Backend for FileStore {
    fn model(&self) -> &Model {
        &self.model
    }

    fn enroll_all(&mut self, people: &[(&PersonName, &Enrollment)]) -> Result<(), Error> {
        self.at.writing(|| {
            let transaction = begin_write(&self.database)?;
            let mut tables = WriteTables::open(&transaction, &self.model)?;
            for (name, enrollment) in people {
                let row = tables.row(name.as_str())?;
                let before = row.as_ref().map_or(0, |row| row.templates as usize);
                check_template_count(name, before + enrollment.templates.len())
                    .map_err(Failure::Store)?;
                add(&mut tables, name, row, enrollment)?;
            }
            drop(tables);
            Ok(transaction.commit()?)
        })
    }

    fn len(&self) -> Result<usize, Error> {
        Ok(self.read(ReadTables::len)? as usize)
    }

    fn list(&self) -> Result<Vec<PersonSummary>, Error> {
        self.read(|tables| {
            let mut list = Vec::new();
            tables.for_each(|name, row| {
                let photos = tables.photo_count(&name)?;
                let (enrolled, templates) = (row.enrolled, row.templates as usize);
                let consent = row.consent;
                list.push(PersonSummary { name, enrolled, consent, templates, photos });
                Ok(())
            })?;
            Ok(list)
        })
    }

    fn person(&self, name: &PersonName) -> Result<Person, Error> {
        self.read(|tables| tables.person(name))?.ok_or_else(|| Error::person_not_found(name))
    }

    fn for_each(&self, visit: &mut dyn FnMut(Person) -> Result<(), BoxError>) -> Result<(), Error> {
        self.read(|tables| {
            tables.for_each(|name, row| {
                let person = tables.complete(name.clone(), row, false)?;
                visit(person).map_err(|source| Failure::Store(Error::callback(&name, source)))
            })
        })
    }

    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), Error> {
        self.expect(old)?;
        if old != new && self.read(|tables| tables.contains(new.as_str()))? {
            return Err(Error::name_taken(new));
        }
        self.rewrite_each(|mut person| {
            if person.name == *old {
                person.name = new.clone();
            }
            Ok(Some(person))
        })
    }

    fn remove(&mut self, names: &[PersonName]) -> Result<(), Error> {
        names.iter().try_for_each(|name| self.expect(name))?;
        self.rewrite_each(|person| Ok((!names.contains(&person.name)).then_some(person)))
    }

    fn purge(&mut self) -> Result<(), Error> {
        self.rewrite_each(|_| Ok(None))
    }

    fn compact(&mut self) -> Result<(), Error> {
        self.rewrite_each(|person| Ok(Some(person)))
    }

    fn rewrite(&mut self, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error> {
        let storage =
            self.file.staging().map_err(|source| self.at.io("create a new file", source))?;
        let database = self.at.opened(open_database(storage))?;
        self.at.writing(|| describe(&database, model))?;
        self.copy(&database, model, rewrite)?;
        let action = "replace it by the new file";
        self.file.commit().map_err(|source| self.at.io(action, source))?;
        // From here on the new file is the store, whether or not that is on disk.
        self.database = database;
        self.model = model.clone();
        self.file.sync_directory().map_err(|source| self.at.io(action, source))
    }
}

fn open_database(storage: BoxedStorage) -> Result<Database, redb::DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    // Reports bit flips as errors instead of panicking.
    builder.set_check_integrity_on_open(true);
    builder.create_with_backend(storage)
}

fn begin_write(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    // With one phase, a file with chosen content could pass for a committed one after a
    // crash.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Writes the format and the model, and creates empty tables.
fn describe(database: &Database, model: &Model) -> Result<(), Failure> {
    let transaction = begin_write(database)?;
    WriteTables::describe(&transaction, model)?;
    WriteTables::open(&transaction, model)?;
    transaction.commit()?;
    Ok(())
}

/// The tables, if there are any yet.
fn open_tables(transaction: &redb::ReadTransaction) -> Result<Option<ReadTables>, Failure> {
    match ReadTables::about(transaction)? {
        Some(_) => ReadTables::open(transaction).map(Some),
        None => Ok(None),
    }
}

/// Adds an enrollment to the row of a person, or begins one.
fn add(
    tables: &mut WriteTables<'_>,
    name: &PersonName,
    row: Option<PersonRow>,
    enrollment: &Enrollment,
) -> Result<(), Failure> {
    let at = enrollment.time();
    let mut row = row.unwrap_or(PersonRow { enrolled: at, templates: 0, consent: None });
    if enrollment.consent.is_some() {
        row.consent.clone_from(&enrollment.consent);
    }
    for new in &enrollment.templates {
        let template =
            Template { encoding: new.encoding.clone(), added: at, photo: new.photo.clone() };
        tables.put_template(name.as_str(), row.templates, &template)?;
        row.templates += 1;
    }
    tables.put_row(name.as_str(), &row)
}

/// The path that errors name.
#[derive(Clone, Debug)]
struct FilePath(String);

impl FilePath {
    fn reading<T>(&self, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Error> {
        read().map_err(|failure| self.failed("read it", failure))
    }

    fn writing<T>(&self, write: impl FnOnce() -> Result<T, Failure>) -> Result<T, Error> {
        write().map_err(|failure| self.failed("write to it", failure))
    }

    fn opened(&self, opened: Result<Database, redb::DatabaseError>) -> Result<Database, Error> {
        opened.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Error::InUse { at: self.0.clone() },
            redb::DatabaseError::Storage(redb::StorageError::Io(error))
                if is_damage(error.kind()) =>
            {
                Error::Damaged { at: self.0.clone(), found: error.to_string() }
            }
            error => self.failed("open it", error.into()),
        })
    }

    fn io(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::Io { at: self.0.clone(), action, source }
    }

    fn failed(&self, action: &'static str, failure: Failure) -> Error {
        let at = self.0.clone();
        match failure {
            Failure::Damaged(found) => Error::Damaged { at, found },
            Failure::Database(source) => Error::Database { at, action, source },
            Failure::Store(error) => error,
        }
    }
}

/// Whether a read failed because of the bytes that were read.
fn is_damage(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}
