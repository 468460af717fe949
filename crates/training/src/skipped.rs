//! Counts of the images and batches that training left out.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Error;
use super::batches::Unreadable;

/// Bad data so far. None of it ends the training.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// Numbers of the images that cannot be read, or have no face.
    pub unreadable: BTreeSet<usize>,
    /// The first few of them.
    pub examples: Vec<SkippedImage>,
    /// People with a single image, where batches are made of people.
    pub single: usize,
    /// Batches in which there was no triplet to learn from.
    pub batches_without_triplet: u64,
    /// Batches of fewer than two readable images.
    pub batches_too_small: u64,
}

/// An image and why it was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedImage {
    /// Its file, or its place in the pack.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

impl Skipped {
    /// Images that are reported by name.
    const EXAMPLES: usize = 10;

    pub(super) fn add(&mut self, unreadable: Vec<Unreadable>) {
        for Unreadable { index, name, reason } in unreadable {
            if self.unreadable.insert(index) && self.examples.len() < Self::EXAMPLES {
                self.examples.push(SkippedImage { name, reason });
            }
        }
    }

    /// Ends a training to which nothing was shown so far and would never be.
    ///
    /// # Errors
    /// [`Error::NothingReadable`] with the first example, if there is one.
    pub(super) fn expect_none(&self) -> Result<(), Error> {
        match self.examples.first() {
            None => Ok(()),
            Some(first) => Err(Error::NothingReadable {
                images: self.unreadable.len(),
                name: first.name.clone(),
                reason: first.reason.clone(),
            }),
        }
    }

    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
