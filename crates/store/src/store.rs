//! A store of enrolled people, whichever back end keeps them.

use std::path::Path;

use facenet::gallery::{Gallery, PersonName};
use facenet::matching::{Candidate, Encoding};

use crate::backend::{Backend, check_enrollment};
use crate::file::FileStore;
use crate::location::{Access, Location};
use crate::people_index::PeopleIndex;
use crate::person::{Enrollment, Model, Person, PersonSummary};
use crate::{BoxError, Error};

/// Enrolled people in a file or a database.
#[derive(Debug)]
pub struct Store {
    location: Location,
    backend: Box<dyn Backend>,
}

impl Store {
    /// Opens the file at `path` for templates of `model`. Every page of it is checked.
    ///
    /// Changes go to the file that is at the path: if another program replaced it in the
    /// meantime, the new one is opened first.
    ///
    /// # Errors
    /// When there is no store to read; when the file is something else, damaged, of another
    /// version or model, in use, or cannot be read, written or replaced.
    pub fn open(path: &Path, model: &Model, access: Access) -> Result<Self, Error> {
        Self::open_any_model(path, model, access)?.expect_model(model)
    }

    /// [`open`](Self::open) for templates of any model; `model` is a new store's.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_any_model(path: &Path, model: &Model, access: Access) -> Result<Self, Error> {
        let file = FileStore::open(path, model, access)?;
        Ok(Self::with_backend(Location::File(path.to_path_buf()), Box::new(file)))
    }

    /// A store whose people another back end keeps.
    pub fn with_backend(location: Location, backend: Box<dyn Backend>) -> Self {
        Self { location, backend }
    }

    /// Checks the model.
    ///
    /// # Errors
    /// [`Error::ModelMismatch`].
    pub fn expect_model(self, model: &Model) -> Result<Self, Error> {
        if *self.model() == *model {
            return Ok(self);
        }
        let (expected, found) = (Box::new(model.clone()), Box::new(self.model().clone()));
        Err(Error::ModelMismatch { at: self.location.to_string(), expected, found })
    }

    /// Where it is.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// Whether [`search`](Self::search) uses an approximate index and may miss somebody.
    pub fn has_index_search(&self) -> bool {
        matches!(&self.location, Location::Postgres(at) if at.search == crate::SearchMethod::Hnsw)
    }

    /// The model of the templates.
    pub fn model(&self) -> &Model {
        self.backend.model()
    }

    /// A warning for the user, as a sentence.
    pub fn warning(&self) -> Option<&'static str> {
        self.backend.warning()
    }

    /// Enrolls a person, or adds templates to one. A template that the person has already is
    /// not added again, so an enrollment can be repeated. Durable when this returns.
    ///
    /// # Errors
    /// When there are no templates, too many, or they cancel out; when the note is too
    /// long or contains a NUL; when the store cannot be written.
    pub fn enroll(&mut self, name: &PersonName, enrollment: &Enrollment) -> Result<(), Error> {
        self.enroll_all([(name, enrollment)])
    }

    /// [`enroll`](Self::enroll) for many people: all of them, or none.
    ///
    /// # Errors
    /// As [`enroll`](Self::enroll).
    pub fn enroll_all<'e>(
        &mut self,
        people: impl IntoIterator<Item = (&'e PersonName, &'e Enrollment)>,
    ) -> Result<(), Error> {
        let people: Vec<_> = people.into_iter().collect();
        people.iter().try_for_each(|(name, enrollment)| check_enrollment(name, enrollment))?;
        self.backend.enroll_all(&people)
    }

    /// How many people there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn len(&self) -> Result<usize, Error> {
        self.backend.len()
    }

    /// How many templates all people have together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn template_count(&self) -> Result<usize, Error> {
        self.backend.template_count()
    }

    /// Whether nobody is enrolled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        self.backend.is_empty()
    }

    /// A summary of each person, in the order of names.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn list(&self) -> Result<Vec<PersonSummary>, Error> {
        self.backend.list()
    }

    /// One person with everything that is kept of them.
    ///
    /// # Errors
    /// When nobody has the name, or the store cannot be read.
    pub fn person(&self, name: &PersonName) -> Result<Person, Error> {
        self.backend.person(name)
    }

    /// Passes each person to `visit`, in the order of names, without photo files. All are
    /// of one moment. `visit` must not use this store, which waits for it.
    ///
    /// # Errors
    /// When the store cannot be read, or `visit` fails.
    pub fn for_each(
        &self,
        mut visit: impl FnMut(Person) -> Result<(), BoxError>,
    ) -> Result<(), Error> {
        self.backend.for_each(&mut visit)
    }

    /// The mean template of each person, in memory for searching.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn gallery(&self) -> Result<Gallery, Error> {
        let mut gallery = Gallery::with_capacity(self.len()?);
        self.for_each(|person| Ok(gallery.insert(person.name.clone(), &person.encodings())?))?;
        Ok(gallery)
    }

    /// All people, searchable where that costs least: a file's in memory, a database's in
    /// the database.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn into_index(self) -> Result<PeopleIndex, Error> {
        match self.location {
            Location::File(_) => Ok(PeopleIndex::InMemory(self.gallery()?)),
            Location::Postgres(_) => Ok(PeopleIndex::InDatabase(self)),
        }
    }

    /// The `top` people nearest to the probe, nearest first; equal distances by name. With
    /// [`SearchMethod::Exact`](crate::SearchMethod::Exact) the result equals that of
    /// [`Gallery::search`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, probe: &Encoding, top: usize) -> Result<Vec<Candidate>, Error> {
        match self.backend.search(probe, top) {
            Some(found) => found,
            None => Ok(self.gallery()?.search(probe, top)),
        }
    }

    /// A new [`gallery`](Self::gallery), if another program changed the people since the
    /// store was opened or this was last called: in a database, or by replacing the file.
    ///
    /// # Errors
    /// When the store cannot be read, or is another model's or gone by now.
    pub fn gallery_if_changed(&self) -> Result<Option<Gallery>, Error> {
        let Some(revision) = self.backend.changed_since()? else { return Ok(None) };
        let gallery = self.gallery()?;
        self.backend.mark_seen(revision);
        Ok(Some(gallery))
    }

    /// Gives a person another name.
    ///
    /// # Errors
    /// When nobody has the old name, another person has the new one, or the store cannot
    /// be written.
    pub fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), Error> {
        self.backend.rename(old, new)
    }

    /// Removes people: no byte of them is left in the file. Blocks of the old file on the disk,
    /// snapshots and backups are not erased; `docs/postgres.md` says what a database may keep
    /// of them, and for how long.
    ///
    /// # Errors
    /// When nobody has one of the names, and then nobody is removed; when the store cannot
    /// be written; [`Error::CleanupFailed`] when they are removed from a database, but
    /// bytes of them are left.
    pub fn remove(&mut self, names: &[PersonName]) -> Result<(), Error> {
        self.backend.remove(names)
    }

    /// Removes every person.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn purge(&mut self) -> Result<(), Error> {
        self.backend.purge()
    }

    /// Rewrites the file, or the files of the tables, so that nothing of earlier changes is
    /// left in them.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn compact(&mut self) -> Result<(), Error> {
        self.backend.compact()
    }

    /// Creates the index of [`SearchMethod::Hnsw`](crate::SearchMethod::Hnsw), or drops it.
    ///
    /// # Errors
    /// When the store cannot have one.
    pub fn set_index(&mut self, exists: bool) -> Result<(), Error> {
        self.backend.set_index(exists)
    }

    /// Passes each person to `rewrite` and keeps the one that it returns: everything
    /// changes, or nothing.
    ///
    /// # Errors
    /// When `rewrite` fails, or the store cannot be written.
    pub fn rewrite(
        &mut self,
        rewrite: impl FnMut(Person) -> Result<Option<Person>, BoxError>,
    ) -> Result<(), Error> {
        let model = self.model().clone();
        self.rewrite_for_model(&model, rewrite)
    }

    /// [`rewrite`](Self::rewrite) for templates of another model, which `rewrite` makes.
    ///
    /// # Errors
    /// As [`rewrite`](Self::rewrite).
    pub fn rewrite_for_model(
        &mut self,
        model: &Model,
        mut rewrite: impl FnMut(Person) -> Result<Option<Person>, BoxError>,
    ) -> Result<(), Error> {
        self.backend.rewrite(model, &mut rewrite)
    }
}
