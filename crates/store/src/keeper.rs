//! What is asked of whatever keeps people: the promises of [`Store`](crate::Store), met by
//! a file and by a database.
//!
//! Behind a trait so that every command works with both, and so that the tests of one are
//! tests of the other.

use std::fmt::Debug;

use facenet::gallery::PersonName;
use facenet::matching::{Candidate, Encoding};

use crate::person::{Enrolment, Model, Person, Summary};
use crate::{ChangeError, StoreError};

/// A person goes in, and stays, changes or goes as what comes back says.
pub(crate) type Change<'c> = dyn FnMut(Person) -> Result<Option<Person>, ChangeError> + 'c;

/// Keeps people.
pub(crate) trait Keeper: Debug + Send + Sync {
    /// The model of the templates.
    fn model(&self) -> &Model;

    /// Enrols all of them, or nobody.
    fn enroll_all(&mut self, people: &[(&PersonName, &Enrolment)]) -> Result<(), StoreError>;

    /// How many people there are.
    fn len(&self) -> Result<usize, StoreError>;

    /// How many templates they have together.
    fn faces(&self) -> Result<usize, StoreError> {
        Ok(self.list()?.iter().map(|person| person.templates).sum())
    }

    /// Everybody without their numbers, in the order of names.
    fn list(&self) -> Result<Vec<Summary>, StoreError>;

    /// One person with everything.
    fn person(&self, name: &PersonName) -> Result<Person, StoreError>;

    /// Hands everybody to `take`, in the order of names, without their photo files.
    fn each(
        &self,
        take: &mut dyn FnMut(Person) -> Result<(), ChangeError>,
    ) -> Result<(), StoreError>;

    /// Gives a person another name, and keeps nothing of the old one.
    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), StoreError>;

    /// Removes all of them, or nobody.
    fn remove(&mut self, names: &[PersonName]) -> Result<(), StoreError>;

    /// Removes everybody.
    fn purge(&mut self) -> Result<(), StoreError>;

    /// Writes everything anew, without what earlier changes left behind.
    fn compact(&mut self) -> Result<(), StoreError>;

    /// Changes everybody to templates of `model`, or nobody.
    fn change_model(&mut self, model: &Model, change: &mut Change<'_>) -> Result<(), StoreError>;

    /// The nearest people, where the keeper can look for them itself.
    fn search(&self, _probe: &Encoding, _top: usize) -> Option<Result<Vec<Candidate>, StoreError>> {
        None
    }

    /// The number of its latest change, if that is not one that was seen here.
    fn newer(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Remembers that everything up to this change was seen.
    fn have_seen(&self, _revision: u64) {}

    /// Makes, or removes, the index of a search that needs one.
    fn index(&mut self, _wanted: bool) -> Result<(), StoreError> {
        Err(StoreError::NoIndexHere)
    }

    /// What its user should know of it.
    fn remark(&self) -> Option<&'static str> {
        None
    }
}
