//! Upkeep of what is stored of people: two names of one person become one, single photos go,
//! and people whose time is over are removed.
//!
//! Made of the operations that every [`Backend`](crate::backend::Backend) has, so that each
//! works with a file and with a database: everything changes, or nothing, and no byte of what
//! was removed is left in the file.

use std::collections::HashMap;

use facenet::gallery::{PersonName, mean_template};
use facenet::matching::Encoding;

use crate::backend::check_template_count;
use crate::{BoxError, Error, Person, Store, Template};

/// Why people cannot be merged or photos not removed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UpkeepError {
    /// A person was to be merged into themselves.
    #[error("{name:?} cannot be merged into itself")]
    SamePerson {
        /// The name.
        name: String,
    },
    /// The person has no photo of this number.
    #[error("{name:?} has no photo {found}: expected a number from 1 to {photos}")]
    NoSuchPhoto {
        /// The person.
        name: String,
        /// How many photos they have.
        photos: usize,
        /// The number that was asked for.
        found: usize,
    },
    /// The person does not have this photo, any more perhaps.
    #[error("{name:?} has no such photo")]
    PhotoGone {
        /// The person.
        name: String,
    },
    /// Another program changed the person between being read and being written.
    #[error("another program changed this person meanwhile: repeat it")]
    ChangedMeanwhile,
    /// Every photo of a person was to be removed.
    #[error("these are all photos of {name:?}: remove the person instead")]
    NoPhotoLeft {
        /// The person.
        name: String,
    },
}

impl Store {
    /// Gives all photos of some people to `into` and removes these people. Photos that `into`
    /// has already are left out. `into` keeps its note of consent and takes the first one of
    /// the others if it has none; it counts as enrolled since the earliest of them.
    ///
    /// # Errors
    /// When nobody has one of the names, when `into` is among those that go, when there
    /// would be too many photos or they cancel out, or when the store cannot be written.
    pub fn merge(&mut self, from: &[PersonName], into: &PersonName) -> Result<Person, Error> {
        if from.contains(into) {
            return Err(UpkeepError::SamePerson { name: into.as_str().to_owned() }.into());
        }
        let before = self.person(into)?;
        let mut merged = before.clone();
        let mut read = HashMap::from([(into.clone(), before)]);
        for name in from {
            let person = self.person(name)?;
            merged.enrolled = merged.enrolled.min(person.enrolled);
            merged.consent = merged.consent.or_else(|| person.consent.clone());
            for template in &person.templates {
                if merged.templates.iter().all(|other| other.encoding != template.encoding) {
                    merged.templates.push(template.clone());
                }
            }
            read.insert(name.clone(), person);
        }
        merged.templates.sort_by_key(|template| template.added);
        check_template_count(into, merged.templates.len())?;
        check_mean(&merged)?;
        self.rewrite(|person| match read.get(&person.name) {
            None => Ok(Some(person)),
            Some(read) => {
                expect_unchanged(read, &person)?;
                Ok((person.name == *into).then(|| merged.clone()))
            }
        })?;
        Ok(merged)
    }

    /// Removes photos of a person, with their encodings; `numbers` count from 1, in the order
    /// of [`Person::templates`]. Returns what is left.
    ///
    /// # Errors
    /// When nobody has the name or the person has no such photo; when none would be left, or
    /// those that are left cancel out; when the store cannot be written.
    pub fn remove_photos(&mut self, name: &PersonName, numbers: &[usize]) -> Result<Person, Error> {
        let read = self.person(name)?;
        let photos = read.templates.len();
        let wrong = numbers.iter().find(|number| !(1..=photos).contains(*number));
        if let Some(&found) = wrong {
            return Err(
                UpkeepError::NoSuchPhoto { name: name.as_str().to_owned(), photos, found }.into()
            );
        }
        let mut number = 0;
        self.keep_templates(read, |_| {
            number += 1;
            !numbers.contains(&number)
        })
    }

    /// Removes the photo of a person that has this encoding, wherever it is among the others by
    /// now. Returns what is left.
    ///
    /// # Errors
    /// As [`remove_photos`](Self::remove_photos).
    pub fn remove_photo(
        &mut self,
        name: &PersonName,
        encoding: &Encoding,
    ) -> Result<Person, Error> {
        let read = self.person(name)?;
        if read.templates.iter().all(|template| template.encoding != *encoding) {
            return Err(UpkeepError::PhotoGone { name: name.as_str().to_owned() }.into());
        }
        self.keep_templates(read, |template| template.encoding != *encoding)
    }

    /// Keeps some photos of a person, as it was read.
    fn keep_templates(
        &mut self,
        read: Person,
        keep: impl FnMut(&Template) -> bool,
    ) -> Result<Person, Error> {
        let name = &read.name;
        let mut left = read.clone();
        left.templates.retain(keep);
        if left.templates.is_empty() {
            return Err(UpkeepError::NoPhotoLeft { name: name.as_str().to_owned() }.into());
        }
        check_mean(&left)?;
        self.rewrite(|person| {
            if person.name != read.name {
                return Ok(Some(person));
            }
            expect_unchanged(&read, &person)?;
            Ok(Some(left.clone()))
        })?;
        Ok(left)
    }

    /// The people whose latest photo was added before `time`, in seconds since 1970.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn older_than(&self, time: u64) -> Result<Vec<PersonName>, Error> {
        let mut names = Vec::new();
        self.for_each(|person| {
            let latest = person.templates.iter().map(|template| template.added).max();
            if latest.unwrap_or(person.enrolled) < time {
                names.push(person.name);
            }
            Ok(())
        })?;
        Ok(names)
    }
}

/// Refuses templates that have no mean, which no gallery could hold.
fn check_mean(person: &Person) -> Result<(), Error> {
    let name = || person.name.as_str().to_owned();
    match mean_template(&person.encodings()) {
        Ok(_) => Ok(()),
        Err(source) => Err(Error::InvalidTemplates { name: name(), source }),
    }
}

/// Refuses to overwrite what another program changed after it was read.
fn expect_unchanged(read: &Person, now: &Person) -> Result<(), BoxError> {
    match read == now {
        true => Ok(()),
        false => Err(UpkeepError::ChangedMeanwhile.into()),
    }
}
