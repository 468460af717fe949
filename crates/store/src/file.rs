//! People in a file.

use std::path::{Path, PathBuf};

use facenet::gallery::PersonName;
use redb::{Database, ReadableDatabase};

use crate::backend::Shelf;
use crate::keeper::{Change, Keeper};
use crate::person::{Enrolment, Model, Person, Summary, Template};
use crate::place::{FilePlace, Place};
use crate::record::PersonRow;
use crate::store::{Access, check_count, name_taken, no_person, now};
use crate::tables::{FORMAT, Reading, TableFault, Writing};
use crate::{ChangeError, StoreError};

/// Memory that the database may keep pages in: they are read once, into a gallery.
const CACHE_BYTES: usize = 16 << 20;

/// Enrolled people in a file.
#[derive(Debug)]
pub(crate) struct FileStore {
    path: PathBuf,
    place: Box<dyn Place>,
    database: Database,
    model: Model,
}

impl FileStore {
    /// Opens the store at `path`, of whatever model; `model` is a new one's. Every page of
    /// the file is checked.
    pub(crate) fn open(path: &Path, model: &Model, access: Access) -> Result<Self, StoreError> {
        let (place, shelf) = FilePlace::open(path, access)?;
        Self::in_place(path, Box::new(place), shelf, model)
    }

    /// Opens what is at a place.
    pub(crate) fn in_place(
        path: &Path,
        place: Box<dyn Place>,
        shelf: Shelf,
        model: &Model,
    ) -> Result<Self, StoreError> {
        let at = At(path);
        let database = at.opened(open_database(shelf))?;
        let about = at.reading(|| Reading::about(&database.begin_read()?))?;
        let model = match about {
            Some((FORMAT, model)) => model,
            Some((found, _)) => {
                let file = path.to_path_buf();
                return Err(StoreError::Version { file, expected: FORMAT, found });
            }
            None => {
                at.writing(|| describe(&database, model))?;
                model.clone()
            }
        };
        Ok(Self { path: path.to_path_buf(), place, database, model })
    }

    /// [`change_model`](Keeper::change_model) to the same.
    fn change(
        &mut self,
        mut change: impl FnMut(Person) -> Result<Option<Person>, ChangeError>,
    ) -> Result<(), StoreError> {
        let model = self.model.clone();
        self.change_model(&model, &mut change)
    }

    fn copy(
        &self,
        into: &Database,
        model: &Model,
        change: &mut Change<'_>,
    ) -> Result<(), StoreError> {
        let at = At(&self.path);
        let from = at.reading(|| Ok(self.database.begin_read()?))?;
        let from = at.reading(|| open_reading(&from))?;
        let transaction = at.writing(|| Ok(begin(into)?))?;
        if let Some(from) = from {
            let mut tables = at.writing(|| Writing::open(&transaction, model))?;
            let copied = from.each(|name, row| {
                let person = from.whole(name, row, true)?;
                let name = person.name.as_str().to_owned();
                let failed = |source| Fault::Store(StoreError::Change { name, source });
                match change(person).map_err(failed)? {
                    Some(person) => Ok(tables.put(&person)?),
                    None => Ok(()),
                }
            });
            copied.map_err(|fault: Fault| fault.at(at))?;
        }
        at.writing(|| Ok(transaction.commit()?))
    }

    fn expect(&self, name: &PersonName) -> Result<(), StoreError> {
        match self.read(|tables| tables.contains(name.as_str()))? {
            true => Ok(()),
            false => Err(no_person(name)),
        }
    }

    /// Reads from the tables of one transaction; of a new store, from none.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(&Reading) -> Result<T, TableFault>,
    ) -> Result<T, StoreError> {
        At(&self.path).reading(|| {
            let transaction = self.database.begin_read()?;
            match open_reading(&transaction)? {
                Some(tables) => read(&tables),
                None => Ok(T::default()),
            }
        })
    }
}

impl Keeper for FileStore {
    fn model(&self) -> &Model {
        &self.model
    }

    fn enroll_all(&mut self, people: &[(&PersonName, &Enrolment)]) -> Result<(), StoreError> {
        let at = At(&self.path);
        let transaction = at.writing(|| Ok(begin(&self.database)?))?;
        {
            let mut tables = at.writing(|| Writing::open(&transaction, &self.model))?;
            for (name, enrolment) in people {
                let row = at.reading(|| tables.row(name.as_str()))?;
                let before = row.as_ref().map_or(0, |row| row.templates as usize);
                check_count(name, before + enrolment.templates.len())?;
                at.writing(|| add(&mut tables, name, row, enrolment))?;
            }
        }
        at.writing(|| Ok(transaction.commit()?))
    }

    fn len(&self) -> Result<usize, StoreError> {
        Ok(self.read(Reading::len)? as usize)
    }

    fn list(&self) -> Result<Vec<Summary>, StoreError> {
        self.read(|tables| {
            let mut list = Vec::new();
            tables.each(|name, row| {
                let photos = tables.photos(&name)?;
                let (enrolled, templates) = (row.enrolled, row.templates as usize);
                list.push(Summary { name, enrolled, consent: row.consent, templates, photos });
                Ok::<_, TableFault>(())
            })?;
            Ok(list)
        })
    }

    fn person(&self, name: &PersonName) -> Result<Person, StoreError> {
        self.read(|tables| tables.person(name))?.ok_or_else(|| no_person(name))
    }

    fn each(
        &self,
        take: &mut dyn FnMut(Person) -> Result<(), ChangeError>,
    ) -> Result<(), StoreError> {
        let at = At(&self.path);
        let transaction = at.reading(|| Ok(self.database.begin_read()?))?;
        let tables = at.reading(|| open_reading(&transaction))?;
        let Some(tables) = tables else { return Ok(()) };
        let result = tables.each(|name, row| {
            let person = tables.whole(name, row, false)?;
            let name = person.name.as_str().to_owned();
            take(person).map_err(|source| Fault::Store(StoreError::Change { name, source }))
        });
        result.map_err(|fault| fault.at(at))
    }

    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), StoreError> {
        self.expect(old)?;
        if old != new && self.read(|tables| tables.contains(new.as_str()))? {
            return Err(name_taken(new));
        }
        self.change(|mut person| {
            if person.name == *old {
                person.name = new.clone();
            }
            Ok(Some(person))
        })
    }

    fn remove(&mut self, names: &[PersonName]) -> Result<(), StoreError> {
        names.iter().try_for_each(|name| self.expect(name))?;
        self.change(|person| Ok((!names.contains(&person.name)).then_some(person)))
    }

    fn purge(&mut self) -> Result<(), StoreError> {
        self.change(|_| Ok(None))
    }

    fn compact(&mut self) -> Result<(), StoreError> {
        self.change(|person| Ok(Some(person)))
    }

    fn change_model(&mut self, model: &Model, change: &mut Change<'_>) -> Result<(), StoreError> {
        let path = self.path.clone();
        let at = At(&path);
        let shelf = self.place.beside().map_err(|source| at.io("write a new file", source))?;
        let database = at.opened(open_database(shelf))?;
        at.writing(|| describe(&database, model))?;
        self.copy(&database, model, change)?;
        let failed = |source| at.io("put the new file in place", source);
        self.place.replace().map_err(failed)?;
        // From here on the new file is the store, whether or not that is on disk.
        self.database = database;
        self.model = model.clone();
        self.place.settle().map_err(failed)
    }
}

fn open_database(shelf: Shelf) -> Result<Database, redb::DatabaseError> {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    // A bit that flipped is an error then, and no panic.
    builder.set_check_integrity_on_open(true);
    builder.create_with_backend(shelf)
}

fn begin(database: &Database) -> Result<redb::WriteTransaction, redb::Error> {
    let mut transaction = database.begin_write()?;
    // Without it, a file that somebody prepared could look committed after a crash.
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

/// Writes down which store this is, with tables for nobody.
fn describe(database: &Database, model: &Model) -> Result<(), TableFault> {
    let transaction = begin(database)?;
    Writing::describe(&transaction, model)?;
    Writing::open(&transaction, model)?;
    transaction.commit()?;
    Ok(())
}

/// The tables, once there are any.
fn open_reading(transaction: &redb::ReadTransaction) -> Result<Option<Reading>, TableFault> {
    match Reading::about(transaction)? {
        Some(_) => Reading::open(transaction).map(Some),
        None => Ok(None),
    }
}

/// Adds an enrolment to a person's row, or begins one.
fn add(
    tables: &mut Writing<'_>,
    name: &PersonName,
    row: Option<PersonRow>,
    enrolment: &Enrolment,
) -> Result<(), TableFault> {
    let at = enrolment.at.unwrap_or_else(now);
    let mut row = row.unwrap_or(PersonRow { enrolled: at, templates: 0, consent: None });
    if enrolment.consent.is_some() {
        row.consent.clone_from(&enrolment.consent);
    }
    for new in &enrolment.templates {
        let template =
            Template { encoding: new.encoding.clone(), added: at, photo: new.photo.clone() };
        tables.put_template(name.as_str(), row.templates, &template)?;
        row.templates += 1;
    }
    tables.put_row(name.as_str(), &row)
}

/// A fault of the tables, or one that has its words already.
enum Fault {
    Table(TableFault),
    Store(StoreError),
}

impl From<TableFault> for Fault {
    fn from(fault: TableFault) -> Self {
        Self::Table(fault)
    }
}

impl Fault {
    fn at(self, at: At<'_>) -> StoreError {
        match self {
            Self::Table(fault) => at.fault("read it", fault),
            Self::Store(error) => error,
        }
    }
}

/// The file that errors tell of.
#[derive(Clone, Copy)]
struct At<'p>(&'p Path);

impl At<'_> {
    fn reading<T>(self, read: impl FnOnce() -> Result<T, TableFault>) -> Result<T, StoreError> {
        read().map_err(|fault| self.fault("read it", fault))
    }

    fn writing<T>(self, write: impl FnOnce() -> Result<T, TableFault>) -> Result<T, StoreError> {
        write().map_err(|fault| self.fault("write to it", fault))
    }

    fn opened(self, opened: Result<Database, redb::DatabaseError>) -> Result<Database, StoreError> {
        opened.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => {
                StoreError::InUse { file: self.0.to_path_buf() }
            }
            redb::DatabaseError::Storage(redb::StorageError::Io(error))
                if is_damage(error.kind()) =>
            {
                StoreError::Damaged { file: self.0.to_path_buf(), found: error.to_string() }
            }
            error => self.fault("open it", error.into()),
        })
    }

    fn io(self, doing: &'static str, source: std::io::Error) -> StoreError {
        StoreError::Io { file: self.0.to_path_buf(), doing, source }
    }

    fn fault(self, doing: &'static str, fault: TableFault) -> StoreError {
        let file = self.0.to_path_buf();
        match fault {
            TableFault::Damaged(found) => StoreError::Damaged { file, found },
            TableFault::Database(source) => StoreError::Database { file, doing, source },
        }
    }
}

/// Whether reading fails so because of what was read.
fn is_damage(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}
