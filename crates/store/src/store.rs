//! The store: people in, people out.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use facenet::gallery::{Gallery, PersonName, mean_template};
use redb::{Database, ReadableDatabase};

use crate::backend::Shelf;
use crate::person::{Enrolment, Model, Person, Summary, Template};
use crate::place::{FilePlace, Place};
use crate::record::PersonRow;
use crate::tables::{FORMAT, Reading, TableFault, Writing};
use crate::{ChangeError, StoreError};

/// Most templates of one person.
const MOST_TEMPLATES: usize = 1000;

/// Longest note of consent in bytes.
const LONGEST_NOTE: usize = 4096;

/// Memory that the database may keep pages in: they are read once, into a gallery.
const CACHE_BYTES: usize = 16 << 20;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To look: several may at a time, and nothing is written.
    Read,
    /// To change: one at a time. A store that is not there is created.
    Write,
}

/// Enrolled people in a file.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    place: Box<dyn Place>,
    database: Database,
    model: Model,
}

impl Store {
    /// Opens the store at `path` for templates of `model`. Every page of the file is
    /// checked.
    ///
    /// # Errors
    /// When there is no store to read, when the file is something else, damaged, of
    /// another version or model, in use, or cannot be read or written.
    pub fn open(path: &Path, model: &Model, access: Access) -> Result<Self, StoreError> {
        let store = Self::open_any(path, model, access)?;
        if store.model == *model {
            return Ok(store);
        }
        Err(StoreError::OtherModel {
            file: path.to_path_buf(),
            expected: Box::new(model.clone()),
            found: Box::new(store.model),
        })
    }

    /// [`open`](Self::open) for templates of any model; `model` is a new store's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_any(path: &Path, model: &Model, access: Access) -> Result<Self, StoreError> {
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

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The model of the templates.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Enrols a person, or adds photos to one. On disk when this returns.
    ///
    /// # Errors
    /// When there are no templates, too many, or they cancel out; when the note is too
    /// long; when the file cannot be written.
    pub fn enroll(&mut self, name: &PersonName, enrolment: &Enrolment) -> Result<(), StoreError> {
        self.enroll_all([(name, enrolment)])
    }

    /// [`enroll`](Self::enroll) for many: all of them, or none.
    ///
    /// # Errors
    /// As [`enroll`](Self::enroll).
    pub fn enroll_all<'e>(
        &mut self,
        people: impl IntoIterator<Item = (&'e PersonName, &'e Enrolment)>,
    ) -> Result<(), StoreError> {
        let at = At(&self.path);
        let transaction = at.writing(|| Ok(begin(&self.database)?))?;
        {
            let mut tables = at.writing(|| Writing::open(&transaction, &self.model))?;
            for (name, enrolment) in people {
                check(name, enrolment)?;
                let row = at.reading(|| tables.row(name.as_str()))?;
                let before = row.as_ref().map_or(0, |row| row.templates as usize);
                let found = before + enrolment.templates.len();
                if found > MOST_TEMPLATES {
                    let name = name.as_str().to_owned();
                    return Err(StoreError::TooManyTemplates {
                        name,
                        expected: MOST_TEMPLATES,
                        found,
                    });
                }
                at.writing(|| add(&mut tables, name, row, enrolment))?;
            }
        }
        at.writing(|| Ok(transaction.commit()?))
    }

    /// How many people there are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn len(&self) -> Result<usize, StoreError> {
        Ok(self.read(Reading::len)? as usize)
    }

    /// Whether there is nobody.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Everybody without their numbers, in the order of names.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn list(&self) -> Result<Vec<Summary>, StoreError> {
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

    /// One person with everything that is kept of them.
    ///
    /// # Errors
    /// When nobody has the name, or the file cannot be read.
    pub fn person(&self, name: &PersonName) -> Result<Person, StoreError> {
        self.read(|tables| tables.person(name))?.ok_or_else(|| no_person(name))
    }

    /// Hands everybody to `take`, in the order of names, without their photo files.
    ///
    /// # Errors
    /// When the file cannot be read, or `take` fails.
    pub fn each(
        &self,
        mut take: impl FnMut(Person) -> Result<(), ChangeError>,
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

    /// Everybody's mean template, ready to be searched.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn gallery(&self) -> Result<Gallery, StoreError> {
        let mut gallery = Gallery::with_capacity(self.len()?);
        self.each(|person| Ok(gallery.insert(person.name.clone(), &person.encodings())?))?;
        Ok(gallery)
    }

    /// Gives a person another name. The old one is gone from the file.
    ///
    /// # Errors
    /// When nobody has the old name, somebody the new one, or the file cannot be
    /// written.
    pub fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), StoreError> {
        self.expect(old)?;
        if old != new && self.read(|tables| tables.contains(new.as_str()))? {
            return Err(StoreError::NameTaken { name: new.as_str().to_owned() });
        }
        self.change(|mut person| {
            if person.name == *old {
                person.name = new.clone();
            }
            Ok(Some(person))
        })
    }

    /// Removes people: no byte of them is left in the file.
    ///
    /// # Errors
    /// When nobody has one of the names, and then nobody is removed; when the file
    /// cannot be written.
    pub fn remove(&mut self, names: &[PersonName]) -> Result<(), StoreError> {
        names.iter().try_for_each(|name| self.expect(name))?;
        self.change(|person| Ok((!names.contains(&person.name)).then_some(person)))
    }

    /// Removes everybody.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn purge(&mut self) -> Result<(), StoreError> {
        self.change(|_| Ok(None))
    }

    /// Writes the file anew, without what earlier changes left in it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        self.change(|person| Ok(Some(person)))
    }

    /// Hands everybody to `change` and keeps whom it returns, in a new file that takes
    /// the place of the old one: everything changes, or nothing.
    ///
    /// # Errors
    /// When `change` fails, or the file cannot be written.
    pub fn change(
        &mut self,
        change: impl FnMut(Person) -> Result<Option<Person>, ChangeError>,
    ) -> Result<(), StoreError> {
        let model = self.model.clone();
        self.change_model(&model, change)
    }

    /// [`change`](Self::change) to templates of another model: `change` makes each
    /// anew.
    ///
    /// # Errors
    /// As [`change`](Self::change).
    pub fn change_model(
        &mut self,
        model: &Model,
        mut change: impl FnMut(Person) -> Result<Option<Person>, ChangeError>,
    ) -> Result<(), StoreError> {
        let path = self.path.clone();
        let at = At(&path);
        let shelf = self.place.beside().map_err(|source| at.io("write a new file", source))?;
        let database = at.opened(open_database(shelf))?;
        at.writing(|| describe(&database, model))?;
        self.copy(&database, model, &mut change)?;
        let failed = |source| at.io("put the new file in place", source);
        self.place.replace().map_err(failed)?;
        // From here on the new file is the store, whether or not that is on disk.
        self.database = database;
        self.model = model.clone();
        self.place.settle().map_err(failed)
    }

    fn copy(
        &self,
        into: &Database,
        model: &Model,
        change: &mut dyn FnMut(Person) -> Result<Option<Person>, ChangeError>,
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

fn check(name: &PersonName, enrolment: &Enrolment) -> Result<(), StoreError> {
    let found = enrolment.consent.as_ref().map_or(0, String::len);
    if found > LONGEST_NOTE {
        return Err(StoreError::LongNote { expected: LONGEST_NOTE, found });
    }
    let encodings: Vec<_> = enrolment.templates.iter().map(|t| t.encoding.clone()).collect();
    let name = || name.as_str().to_owned();
    mean_template(&encodings)
        .map(|_| ())
        .map_err(|source| StoreError::Template { name: name(), source })
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

fn now() -> u64 {
    // Before 1970, clocks are wrong.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn no_person(name: &PersonName) -> StoreError {
    StoreError::NoPerson { name: name.as_str().to_owned() }
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
