//! Searchable people: a file's are loaded into memory, a database's are queried in place.
//!
//! Fetching a hundred thousand people over a network is not worth it to find a few. A
//! caller with many probes, such as a server, takes [`Store::gallery`] instead; a caller
//! with a few need not know which of the two it has.

use facenet::gallery::Gallery;
use facenet::matching::{Candidate, Encoding, Recognition, Threshold};

use crate::{Error, Store};

/// People who can be searched.
#[derive(Debug)]
pub enum PeopleIndex {
    /// In memory.
    InMemory(Gallery),
    /// In their database, which is queried for each probe.
    InDatabase(Store),
}

impl PeopleIndex {
    /// How many people there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn len(&self) -> Result<usize, Error> {
        match self {
            Self::InMemory(gallery) => Ok(gallery.len()),
            Self::InDatabase(store) => store.len(),
        }
    }

    /// How many templates all people have together.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn template_count(&self) -> Result<usize, Error> {
        match self {
            Self::InMemory(gallery) => Ok(gallery.faces()),
            Self::InDatabase(store) => store.template_count(),
        }
    }

    /// Whether nobody is enrolled.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool, Error> {
        Ok(self.len()? == 0)
    }

    /// [`Gallery::search`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, probe: &Encoding, top: usize) -> Result<Vec<Candidate>, Error> {
        match self {
            Self::InMemory(gallery) => Ok(gallery.search(probe, top)),
            Self::InDatabase(store) => store.search(probe, top),
        }
    }

    /// [`Gallery::recognize`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn recognize(
        &self,
        probe: &Encoding,
        threshold: Threshold,
        top: usize,
    ) -> Result<Recognition, Error> {
        Ok(Recognition { candidates: self.search(probe, top)?, threshold })
    }
}

impl From<Gallery> for PeopleIndex {
    fn from(gallery: Gallery) -> Self {
        Self::InMemory(gallery)
    }
}
