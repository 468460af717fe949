//! Storage back end of [`Store`](crate::Store), implemented by a redb file and by
//! PostgreSQL.
//!
//! A trait, so that every command works with both and one set of tests (the crate
//! `store-conformance`) holds for both. The limits here hold for every back end, too.

use std::fmt::Debug;

use facenet::gallery::{PersonName, mean_template};
use facenet::matching::{Candidate, Encoding};

use crate::person::{Enrollment, Model, NewTemplate, Person, PersonSummary};
use crate::{BoxError, Error};

/// Most templates of one person.
const MAX_TEMPLATES: usize = 1000;

/// Longest note of consent in bytes.
const MAX_CONSENT_BYTES: usize = 4096;

/// Returns the person to keep in place of the one that it is given, or `None` to remove
/// them.
pub type Rewrite<'f> = dyn FnMut(Person) -> Result<Option<Person>, BoxError> + 'f;

/// Keeps people.
///
/// A change is durable when its method returns, or did not happen.
pub trait Backend: Debug + Send + Sync {
    /// The model of the templates.
    fn model(&self) -> &Model;

    /// Enrolls all of them, or nobody. Their notes and templates were checked. Inside its
    /// transaction the back end itself drops templates that a person has already, with
    /// [`without_copies`], and limits their number, with [`check_template_count`].
    fn enroll_all(&mut self, people: &[(&PersonName, &Enrollment)]) -> Result<(), Error>;

    /// How many people there are.
    fn len(&self) -> Result<usize, Error>;

    /// Whether nobody is enrolled.
    fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// How many templates all people have together.
    fn template_count(&self) -> Result<usize, Error> {
        Ok(self.list()?.iter().map(|person| person.templates).sum())
    }

    /// A summary of each person, in the order of names.
    fn list(&self) -> Result<Vec<PersonSummary>, Error>;

    /// One person with templates and photo files.
    fn person(&self, name: &PersonName) -> Result<Person, Error>;

    /// Passes each person to `visit`, in the order of names, without photo files.
    fn for_each(&self, visit: &mut dyn FnMut(Person) -> Result<(), BoxError>) -> Result<(), Error>;

    /// Gives a person another name. The old name is kept nowhere.
    fn rename(&mut self, old: &PersonName, new: &PersonName) -> Result<(), Error>;

    /// Removes all of them, or nobody.
    fn remove(&mut self, names: &[PersonName]) -> Result<(), Error>;

    /// Removes every person.
    fn purge(&mut self) -> Result<(), Error>;

    /// Rewrites the storage, so that nothing of earlier changes is left in it.
    fn compact(&mut self) -> Result<(), Error>;

    /// Rewrites every person for templates of `model`, or nobody.
    fn rewrite(&mut self, model: &Model, rewrite: &mut Rewrite<'_>) -> Result<(), Error>;

    /// The nearest people, if the back end can search by itself.
    fn search(&self, _probe: &Encoding, _top: usize) -> Option<Result<Vec<Candidate>, Error>> {
        None
    }

    /// The revision of the latest change, unless [`mark_seen`](Self::mark_seen) was given
    /// that one or this back end made it.
    fn changed_since(&self) -> Result<Option<u64>, Error> {
        Ok(None)
    }

    /// Marks every change up to this revision as seen.
    fn mark_seen(&self, _revision: u64) {}

    /// Creates the index of [`SearchMethod::Hnsw`](crate::SearchMethod::Hnsw), or drops it.
    fn set_index(&mut self, _exists: bool) -> Result<(), Error> {
        Err(Error::IndexUnsupported)
    }

    /// A warning for the user, as a sentence.
    fn warning(&self) -> Option<&'static str> {
        None
    }
}

/// Checks what is handed in to enroll a person.
pub(crate) fn check_enrollment(name: &PersonName, enrollment: &Enrollment) -> Result<(), Error> {
    let name = || name.as_str().to_owned();
    let consent = enrollment.consent.as_deref().unwrap_or_default();
    if consent.len() > MAX_CONSENT_BYTES {
        let found = consent.len();
        return Err(Error::ConsentTooLong { expected: MAX_CONSENT_BYTES, found });
    }
    if consent.contains('\0') {
        return Err(Error::ConsentHasNul { name: name() });
    }
    let encodings: Vec<_> = enrollment.templates.iter().map(|t| t.encoding.clone()).collect();
    match mean_template(&encodings) {
        Ok(_) => Ok(()),
        Err(source) => Err(Error::InvalidTemplates { name: name(), source }),
    }
}

/// The new templates whose encoding is neither among the person's `stored` ones nor that of an
/// earlier new one. The same photo again says nothing about a person, and would only make the
/// threshold stricter for everybody.
pub fn without_copies<'e>(
    stored: &[Encoding],
    new: impl IntoIterator<Item = &'e NewTemplate>,
) -> Vec<&'e NewTemplate> {
    let mut kept: Vec<&NewTemplate> = Vec::new();
    for template in new {
        let is_same = |other: &Encoding| *other == template.encoding;
        if !stored.iter().any(is_same) && !kept.iter().any(|other| is_same(&other.encoding)) {
            kept.push(template);
        }
    }
    kept
}

/// Checks that a person may have so many templates.
///
/// # Errors
/// [`Error::TooManyTemplates`].
pub fn check_template_count(name: &PersonName, found: usize) -> Result<(), Error> {
    if found <= MAX_TEMPLATES {
        return Ok(());
    }
    let name = name.as_str().to_owned();
    Err(Error::TooManyTemplates { name, expected: MAX_TEMPLATES, found })
}
