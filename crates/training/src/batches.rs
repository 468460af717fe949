//! From numbered images to the batches of training.
//!
//! Which images are in batch n and how each is changed follows from the seed
//! and n alone, so batches can be made on any number of threads, and a resumed
//! run goes on with the next number.
//!
//! | part | file |
//! | --- | --- |
//! | which images | `batches/sampler.rs` |
//! | read, change and put them together | `batches/builder.rs` |
//! | the same ahead of time, on other threads | `batches/loader.rs` |

mod builder;
mod loader;
mod sampler;

use ndarray::{Array2, Array4};
use serde::{Deserialize, Serialize};

use super::error::OptionsError;

pub(super) use builder::{BatchBuilder, prepare};
pub(super) use loader::Loader;
pub(super) use sampler::Sampler;

/// How the images of a batch are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sampling {
    /// Any images: each is shown once an epoch, in random order.
    #[serde(alias = "pictures")]
    Images {
        /// Images a batch.
        #[serde(alias = "pictures")]
        images: usize,
    },
    /// Several images of each of some people, as triplets need: each person
    /// with two images or more comes once an epoch. FaceNet, section 3.2, has
    /// some forty faces of each; small sets have fewer.
    People {
        /// People a batch.
        people: usize,
        /// Images of each, fewer where there are not as many.
        #[serde(alias = "pictures")]
        images: usize,
    },
}

impl Sampling {
    /// Most images in a batch.
    pub(crate) fn batch_size(self) -> usize {
        match self {
            Self::Images { images } => images,
            Self::People { people, images } => people.saturating_mul(images),
        }
    }

    pub(super) fn check(self) -> Result<(), OptionsError> {
        if let Self::People { people, images } = self {
            let right = people >= 2;
            OptionsError::check("sampling.people", people, "two people or more a batch", right)?;
            let expected = "two images or more of each person";
            OptionsError::check("sampling.images", images, expected, images >= 2)?;
        }
        let size = self.batch_size();
        // A batch of one has no statistics where the planes are 1×1.
        let right = (2..=LARGEST_BATCH).contains(&size);
        OptionsError::check("sampling", size, "batches of 2 to 4096 images", right)
    }
}

/// Some 20 GiB of activations.
const LARGEST_BATCH: usize = 4096;

/// Images that go through the network together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// `(n, 3, 96, 96)`, RGB in 0..1.
    pub(super) images: Array4<f32>,
    /// Number of the person on each.
    pub(super) identities: Vec<u32>,
    /// The teacher's encodings, `(n, 128)`, where the source has them.
    pub(super) targets: Option<Array2<f32>>,
    /// Images that are not among them.
    pub(super) unreadable: Vec<Unreadable>,
}

/// An image that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) reason: String,
}
