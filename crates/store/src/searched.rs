//! People as a probe meets them: in memory, or where they are kept.
//!
//! A file's people are in memory, a database's stay there, however many photos are looked
//! for: a hundred thousand people are not worth fetching over a network for a few. Whoever
//! has many, as a server has, takes [`Store::gallery`]; whoever asks need not know which it
//! is.

use facenet::gallery::Gallery;
use facenet::matching::{Candidate, Encoding, Recognition, Threshold};

use crate::{Store, StoreError};

/// People who can be searched.
#[derive(Debug)]
pub enum Searched {
    /// In memory.
    Memory(Gallery),
    /// Where they are kept, each time anew.
    Kept(Store),
}

impl Searched {
    /// How many people there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn len(&self) -> Result<usize, StoreError> {
        match self {
            Self::Memory(gallery) => Ok(gallery.len()),
            Self::Kept(store) => store.len(),
        }
    }

    /// How many photos there are of them.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn faces(&self) -> Result<usize, StoreError> {
        match self {
            Self::Memory(gallery) => Ok(gallery.faces()),
            Self::Kept(store) => store.faces(),
        }
    }

    /// Whether there is nobody.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        Ok(self.len()? == 0)
    }

    /// [`Gallery::search`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn search(&self, probe: &Encoding, top: usize) -> Result<Vec<Candidate>, StoreError> {
        match self {
            Self::Memory(gallery) => Ok(gallery.search(probe, top)),
            Self::Kept(store) => store.search(probe, top),
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
    ) -> Result<Recognition, StoreError> {
        Ok(Recognition { candidates: self.search(probe, top)?, threshold })
    }
}

impl From<Gallery> for Searched {
    fn from(gallery: Gallery) -> Self {
        Self::Memory(gallery)
    }
}
