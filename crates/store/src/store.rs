//! The store: people in, people out, wherever they are kept.

use facenet::gallery::{Gallery, PersonName, mean_template};
use facenet::matching::Encoding;

use crate::file::FileStore;
use crate::keeper::Keeper;
use crate::person::{Enrolment, Model, Person, Summary};
use crate::searched::Searched;
use crate::{ChangeError, Location, StoreError};

/// Most templates of one person.
pub(crate) const MOST_TEMPLATES: usize = 1000;

/// Longest note of consent in bytes.
pub(crate) const LONGEST_NOTE: usize = 4096;

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To look: several may at a time, and nothing is written. Of a database, everything
    /// that is read is of one moment, that of opening.
    Read,
    /// To change: a file by one at a time, a database by many. A store that is not there
    /// is created.
    Write,
}

/// Enrolled people in a file or a database.
#[derive(Debug)]
pub struct Store {
    location: Location,
    keeper: Box<dyn Keeper>,
}

impl Store {
    /// Opens the store at `location` for templates of `model`. Every page of a file is
    /// checked; tables of a database are made or brought up to date.
    ///
    /// # Errors
    /// When there is no store to read, when what is there is something else, damaged, of
    /// another version or model, in use, or cannot be read or written; when a database
    /// cannot be reached, or only over a network without encryption.
    pub fn open(location: &Location, model: &Model, access: Access) -> Result<Self, StoreError> {
        let store = Self::open_any(location, model, access)?;
        if *store.model() == *model {
            return Ok(store);
        }
        Err(StoreError::OtherModel {
            file: location.shown(),
            expected: Box::new(model.clone()),
            found: Box::new(store.model().clone()),
        })
    }

    /// [`open`](Self::open) for templates of any model; `model` is a new store's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_any(
        location: &Location,
        model: &Model,
        access: Access,
    ) -> Result<Self, StoreError> {
        let keeper: Box<dyn Keeper> = match location {
            Location::File(path) => Box::new(FileStore::open(path, model, access)?),
            #[cfg(feature = "postgres")]
            Location::Postgres(database) => {
                Box::new(crate::postgres::PostgresStore::open(database, model, access)?)
            }
            #[cfg(not(feature = "postgres"))]
            Location::Postgres(_) => {
                return Err(StoreError::WithoutPostgres { at: location.to_string() });
            }
        };
        Ok(Self { location: location.clone(), keeper })
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether [`search`](Self::search) asks an index, and may miss somebody.
    pub fn has_index_search(&self) -> bool {
        matches!(&self.location, Location::Postgres(at) if at.search == crate::Search::Hnsw)
    }

    /// The model of the templates.
    pub fn model(&self) -> &Model {
        self.keeper.model()
    }

    /// What its user should know of it: what it does worse than it could.
    pub fn remark(&self) -> Option<&'static str> {
        self.keeper.remark()
    }

    /// Enrols a person, or adds photos to one. On disk when this returns.
    ///
    /// # Errors
    /// When there are no templates, too many, or they cancel out; when the note is too
    /// long or has a NUL in it; when the store cannot be written.
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
        let people: Vec<_> = people.into_iter().collect();
        people.iter().try_for_each(|(name, enrolment)| check(name, enrolment))?;
        self.keeper.enroll_all(&people)
    }

    /// How many people there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn len(&self) -> Result<usize, StoreError> {
        self.keeper.len()
    }

    /// How many templates they have together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn faces(&self) -> Result<usize, StoreError> {
        self.keeper.faces()
    }

    /// Whether there is nobody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// Everybody without their numbers, in the order of names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self) -> Result<Vec<Summary>, StoreError> {
        self.keeper.list()
    }

    /// One person with everything that is kept of them.
    ///
    /// # Errors
    /// When nobody has the name, or the store cannot be read.
    pub fn person(&self, name: &PersonName) -> Result<Person, StoreError> {
        self.keeper.person(name)
    }

    /// Hands everybody to `take`, in the order of names, without their photo files: as they
    /// are at one moment. `take` must not ask this store, which waits for it.
    ///
    /// # Errors
    /// When the store cannot be read, or `take` fails.
    pub fn each(
        &self,
        mut take: impl FnMut(Person) -> Result<(), ChangeError>,
    ) -> Result<(), StoreError> {
        self.keeper.each(&mut take)
    }

    /// Everybody's mean template, ready to be searched in memory.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn gallery(&self) -> Result<Gallery, StoreError> {
        let mut gallery = Gallery::with_capacity(self.len()?);
        self.each(|person| Ok(gallery.insert(person.name.clone(), &person.encodings())?))?;
        Ok(gallery)
    }

    /// Everybody, ready to be searched where that costs least: a file's people in memory,
    /// a database's by the database.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn searched(self) -> Result<Searched, StoreError> {
        match self.location {
            Location::File(_) => Ok(Searched::Memory(self.gallery()?)),
            Location::Postgres(_) => Ok(Searched::Kept(self)),
        }
    }

    /// The `top` people nearest to the probe, nearest first; equal distances by name. With
    /// [`Search::Exact`](crate::Search::Exact) the answer is
    /// [`Gallery::search`]'s.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(
        &self,
        probe: &Encoding,
        top: usize,
    ) -> Result<Vec<facenet::matching::Candidate>, StoreError> {
        match self.keeper.search(probe, top) {
            Some(found) => found,
            None => Ok(self.gallery()?.search(probe, top)),
        }
    }

    /// [`gallery`](Self::gallery) anew, if somebody else changed the people since the
    /// store was opened or this was last asked. A file is its opener's alone.
    ///
    /// # Errors
    /// When the store cannot be read, or has become another model's.
    pub fn refreshed(&self) -> Result<Option<Gallery>, StoreError> {
        let Some(revision) = self.keeper.newer()? else { return Ok(None) };
        let gallery = self.gallery()?;
        self.keeper.have_seen(revision);
        Ok(Some(gallery))
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// When nobody has the old name, somebody the new one, or the store cannot be
    /// written.
    pub fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), StoreError> {
        self.keeper.rename(old, new)
    }

    /// Removes people: no byte of them is left in the file. What a database may keep of
    /// them, and for how long, is told in `docs/postgres.md`.
    ///
    /// # Errors
    /// When nobody has one of the names, and then nobody is removed; when the store
    /// cannot be written; [`StoreError::Left`] when they are removed from a database, and
    /// bytes of them are left.
    pub fn remove(&mut self, names: &[PersonName]) -> Result<(), StoreError> {
        self.keeper.remove(names)
    }

    /// Removes everybody.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn purge(&mut self) -> Result<(), StoreError> {
        self.keeper.purge()
    }

    /// Writes the file, or the tables' files, anew, without what earlier changes left in
    /// them.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn compact(&mut self) -> Result<(), StoreError> {
        self.keeper.compact()
    }

    /// Makes, or removes, the index of [`Search::Hnsw`](crate::Search::Hnsw).
    ///
    /// # Errors
    /// When the store has no use for one.
    pub fn index(&mut self, wanted: bool) -> Result<(), StoreError> {
        self.keeper.index(wanted)
    }

    /// Hands everybody to `change` and keeps whom it returns: everything changes, or
    /// nothing.
    ///
    /// # Errors
    /// When `change` fails, or the store cannot be written.
    pub fn change(
        &mut self,
        change: impl FnMut(Person) -> Result<Option<Person>, ChangeError>,
    ) -> Result<(), StoreError> {
        let model = self.model().clone();
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
        self.keeper.change_model(model, &mut change)
    }
}

fn check(name: &PersonName, enrolment: &Enrolment) -> Result<(), StoreError> {
    let found = enrolment.consent.as_ref().map_or(0, String::len);
    if found > LONGEST_NOTE {
        return Err(StoreError::LongNote { expected: LONGEST_NOTE, found });
    }
    let encodings: Vec<_> = enrolment.templates.iter().map(|t| t.encoding.clone()).collect();
    let name = || name.as_str().to_owned();
    if enrolment.consent.as_ref().is_some_and(|note| note.contains('\0')) {
        return Err(StoreError::NulInNote { name: name() });
    }
    mean_template(&encodings)
        .map(|_| ())
        .map_err(|source| StoreError::Template { name: name(), source })
}

/// That a person may have so many templates.
pub(crate) fn check_count(name: &PersonName, found: usize) -> Result<(), StoreError> {
    if found <= MOST_TEMPLATES {
        return Ok(());
    }
    let name = name.as_str().to_owned();
    Err(StoreError::TooManyTemplates { name, expected: MOST_TEMPLATES, found })
}

pub(crate) fn no_person(name: &PersonName) -> StoreError {
    StoreError::NoPerson { name: name.as_str().to_owned() }
}

pub(crate) fn name_taken(name: &PersonName) -> StoreError {
    StoreError::NameTaken { name: name.as_str().to_owned() }
}

pub(crate) fn now() -> u64 {
    // Before 1970, clocks are wrong.
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}
