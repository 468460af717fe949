//! People in a redb file.
//!
//! An enrollment is a transaction in the file. Every other change writes a new file that
//! replaces the old one, so that its free pages keep nobody.
//!
//! The store is the file at the path, whoever put it there: if another program replaced the
//! one that is open, the next change opens that one first. After an error of the storage,
//! which redb never forgets, the file is opened again.

mod atomic_file;
mod content;
mod failure;
#[cfg(test)]
mod faults;
mod mounts;
mod opening;
mod overlay;
pub(crate) mod record;
mod tables;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use facenet::gallery::PersonName;
use redb::{Database, ReadableDatabase};

use crate::backend::{Backend, Rewrite};
use crate::person::{Enrollment, Model, Person, PersonSummary};
use crate::{Access, BoxError, Error};
use atomic_file::{AtPath, AtomicFile, ReplaceableFile};
use content::{Content, begin_write, describe, open_database, open_tables};
use failure::{Failure, FilePath};
use tables::{ReadTables, WriteTables};

/// Enrolled people in a file.
#[derive(Debug)]
pub(crate) struct FileStore {
    at: FilePath,
    model: Model,
    content: RwLock<Content>,
    /// Whether the storage failed since the database was opened.
    failed: AtomicBool,
    /// How often another program's file was opened, and of these, how many were seen.
    revision: AtomicU64,
    seen: AtomicU64,
}

impl FileStore {
    /// Opens the store at `path`, of any model; `model` is a new store's. Every page of the
    /// file is checked.
    pub(crate) fn open(path: &Path, model: &Model, access: Access) -> Result<Self, Error> {
        let file = AtomicFile::open(path, access)?;
        Self::open_file(path, Box::new(file), model)
    }

    /// Opens the store in a file.
    fn open_file(
        path: &Path,
        file: Box<dyn ReplaceableFile>,
        model: &Model,
    ) -> Result<Self, Error> {
        let at = FilePath(path.display().to_string());
        let (database, found) = open_database(&at, &*file)?;
        let model = match found {
            Some(found) => found,
            None => {
                at.writing(|| describe(&database, model))?;
                model.clone()
            }
        };
        let content = RwLock::new(Content { file, database: Some(database) });
        let (revision, seen) = (AtomicU64::new(0), AtomicU64::new(0));
        Ok(Self { at, model, content, failed: AtomicBool::new(false), revision, seen })
    }

    /// The content, with its database open: again, if the storage failed before.
    fn content(&self) -> Result<RwLockReadGuard<'_, Content>, Error> {
        loop {
            if self.failed.load(Ordering::Acquire) {
                let mut content = self.content_mut();
                content.database = None;
                content.database = Some(self.open_again(&*content.file)?);
                self.failed.store(false, Ordering::Release);
            }
            let content = self.content.read().unwrap_or_else(PoisonError::into_inner);
            if content.database.is_some() {
                return Ok(content);
            }
        }
    }

    // A thread that panics leaves the content complete, so a poisoned lock is harmless.
    fn content_mut(&self) -> RwLockWriteGuard<'_, Content> {
        self.content.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the database in a file that has to be this store, or one of the same model.
    fn open_again(&self, file: &dyn ReplaceableFile) -> Result<Database, Error> {
        match open_database(&self.at, file)? {
            (database, Some(found)) if found == self.model => Ok(database),
            (_, Some(found)) => Err(Error::ModelMismatch {
                at: self.at.0.clone(),
                expected: Box::new(self.model.clone()),
                found: Box::new(found),
            }),
            (_, None) => Err(Error::FileRemoved { at: self.at.0.clone() }),
        }
    }

    /// Opens the file that another program put at the path, if there is one.
    fn follow_path(&self) -> Result<(), Error> {
        let mut content = self.content_mut();
        match content.file.at_path().map_err(|source| self.at.io("find it", source))? {
            AtPath::Same => Ok(()),
            AtPath::Nothing => Err(Error::FileRemoved { at: self.at.0.clone() }),
            AtPath::Other => {
                // The present one stays open until the other is.
                let file = content.file.open_other()?;
                let database = Some(self.open_again(&*file)?);
                *content = Content { file, database };
                self.failed.store(false, Ordering::Release);
                self.revision.fetch_add(1, Ordering::Release);
                Ok(())
            }
        }
    }

    /// Has the database opened again before its next use, if the storage failed.
    fn noting_failure<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        let is_failure = |error: &Error| {
            matches!(error, Error::Io { .. } | Error::NoSpace { .. } | Error::Database { .. })
        };
        if result.as_ref().is_err_and(is_failure) {
            self.failed.store(true, Ordering::Release);
        }
        result
    }

    /// Reads the tables in one transaction. A new store has none: the default.
    fn read<T: Default>(
        &self,
        read: impl FnOnce(&ReadTables) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let content = self.content()?;
        self.noting_failure(self.at.reading(|| {
            let transaction = content.database()?.begin_read()?;
            match open_tables(&transaction)? {
                Some(tables) => read(&tables),
                None => Ok(T::default()),
            }
        }))
    }

    fn expect(&self, name: &PersonName) -> Result<(), Error> {
        match self.read(|tables| tables.contains(name.as_str()))? {
            true => Ok(()),
            false => Err(Error::person_not_found(name)),
        }
    }

    /// Replaces the file by one with the people that `rewrite` returns.
    fn replace(&mut self, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error> {
        drop(self.content()?);
        let content = self.content.get_mut().unwrap_or_else(PoisonError::into_inner);
        let replaced = content.replace(&self.at, model, rewrite);
        if replaced.is_ok() {
            // The new file is the store from here on, whether or not the rename is on disk.
            self.model = model.clone();
        }
        let result = replaced.and_then(|()| {
            let failed = |source| self.at.io("sync the folder of the new file", source);
            content.file.sync_directory().map_err(failed)
        });
        self.noting_failure(result)
    }

    /// [`replace`](Self::replace) for the same model.
    fn replace_each(
        &mut self,
        mut rewrite: impl FnMut(Person) -> Result<Option<Person>, BoxError>,
    ) -> Result<(), Error> {
        let model = self.model.clone();
        self.replace(&model, &mut rewrite)
    }
}

impl Backend for FileStore {
    fn model(&self) -> &Model {
        &self.model
    }

    fn enroll_all(&mut self, people: &[(&PersonName, &Enrollment)]) -> Result<(), Error> {
        self.follow_path()?;
        let content = self.content()?;
        self.noting_failure(self.at.writing(|| {
            let transaction = begin_write(content.database()?)?;
            let mut tables = WriteTables::open(&transaction, &self.model)?;
            for (name, enrollment) in people {
                tables.add(name, enrollment)?;
            }
            drop(tables);
            Ok(transaction.commit()?)
        }))?;
        content.expect_same(&self.at)
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
        self.follow_path()?;
        self.expect(old)?;
        if old != new && self.read(|tables| tables.contains(new.as_str()))? {
            return Err(Error::name_taken(new));
        }
        self.replace_each(|mut person| {
            if person.name == *old {
                person.name = new.clone();
            }
            Ok(Some(person))
        })
    }

    fn remove(&mut self, names: &[PersonName]) -> Result<(), Error> {
        self.follow_path()?;
        names.iter().try_for_each(|name| self.expect(name))?;
        self.replace_each(|person| Ok((!names.contains(&person.name)).then_some(person)))
    }

    fn purge(&mut self) -> Result<(), Error> {
        self.follow_path()?;
        self.replace_each(|_| Ok(None))
    }

    fn compact(&mut self) -> Result<(), Error> {
        self.follow_path()?;
        self.replace_each(|person| Ok(Some(person)))
    }

    fn rewrite(&mut self, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error> {
        self.follow_path()?;
        self.replace(model, rewrite)
    }

    fn changed_since(&self) -> Result<Option<u64>, Error> {
        self.follow_path()?;
        let revision = self.revision.load(Ordering::Acquire);
        Ok((revision != self.seen.load(Ordering::Acquire)).then_some(revision))
    }

    fn mark_seen(&self, revision: u64) {
        self.seen.store(revision, Ordering::Release);
    }

    fn warning(&self) -> Option<&'static str> {
        self.content_mut().file.warning()
    }
}
