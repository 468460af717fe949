//! The error type of this crate.

use std::fmt::Display;
use std::io;
use std::path::PathBuf;

use facenet::bounded_file::FileError;
use facenet::weights::WeightsError;

use crate::dataset::DatasetError;

/// An error of training, or of its data.
///
/// Bad images are no such reason: they are counted, see
/// [`Skipped`](super::Skipped).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option that makes no sense.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// The images' files.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
    /// The weights' files.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A source without an image.
    #[error("there is no image to train on")]
    NoImages,
    /// A pack without something that training needs.
    #[error("{}: training needs a pack with {part}", folder.display())]
    PackLacks {
        /// The pack's folder.
        folder: PathBuf,
        /// What is missing.
        part: &'static str,
    },
    /// Distillation without a teacher.
    #[error("the distillation loss needs a target for every image (target.npy of a pack)")]
    NoTargets,
    /// Sources of which only some have a teacher.
    #[error(
        "sources are joined where all have a teacher's encodings or none has; number {} and \
         number {} differ", first + 1, second + 1
    )]
    MixedTargets {
        /// Position of one, from 0.
        first: usize,
        /// Position of the next.
        second: usize,
    },
    /// A fit of the last layer to nothing, or of another layer.
    #[error("the last layer cannot be fitted: {reason}")]
    Fit {
        /// Why.
        reason: String,
    },
    /// Triplets without two people of two images each.
    #[error(
        "triplets need two people or more with two images or more each, found {found} \
         (and {single} with one image)"
    )]
    NoPairs {
        /// People with two images or more.
        found: usize,
        /// People with one.
        single: usize,
    },
    /// Too few people to set some aside.
    #[error(
        "cannot hold out {asked} people: {found} of the images' people have two images or more"
    )]
    HeldOut {
        /// People asked for.
        asked: usize,
        /// People there are.
        found: usize,
    },
    /// A list of pairs with an image that is not there.
    #[error("no image of the held-out set is called {name:?}")]
    NoSuchImage {
        /// The name.
        name: String,
    },
    /// No image of a batch could be used, and none of those before it.
    #[error("none of the {images} images shown so far can be read; the first: {name}: {reason}")]
    NothingReadable {
        /// Distinct images that were tried.
        images: usize,
        /// One of them.
        name: String,
        /// Why that cannot be read.
        reason: String,
    },
    /// The loss or a gradient has become infinite or NaN.
    #[error("step {step}: the {quantity} is {found}; a lower learning rate may help")]
    Diverged {
        /// The step, from 0.
        step: u64,
        /// What is not finite.
        quantity: &'static str,
        /// Its value.
        found: f64,
    },
    /// The measure on held-out data failed.
    #[error("the held-out measure failed at step {step}")]
    Evaluation {
        /// Steps taken.
        step: u64,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A checkpoint cannot be written.
    #[error("cannot write the checkpoint {}", path.display())]
    Write {
        /// File or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A checkpoint's file or folder cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A folder without a checkpoint.
    #[error("there is no checkpoint in {}", path.display())]
    NoCheckpoint {
        /// The folder.
        path: PathBuf,
    },
    /// A checkpoint that is damaged or from another version.
    #[error("{}: expected {expected}, found {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What should be there.
        expected: String,
        /// What is.
        found: String,
    },
    /// A checkpoint of a training on other images.
    #[error(
        "the checkpoint was trained on {expected} images, these are {found}{}",
        if expected == found { " others" } else { "" }
    )]
    OtherImages {
        /// Images it was trained on.
        expected: usize,
        /// Images that are given.
        found: usize,
    },
    /// The optimizer's part of a checkpoint.
    #[error("the checkpoint's optimizer cannot be used")]
    Optimizer(#[from] autograd::Error),
    /// A thread that loads images cannot be started.
    #[error("cannot start a thread to load images")]
    Thread(#[source] io::Error),
}

/// An option out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("option {option}: expected {expected}, found {found}")]
pub struct OptionsError {
    /// Its name, with those of the structs round it.
    pub option: &'static str,
    /// What would be right.
    pub expected: &'static str,
    /// What was given.
    pub found: String,
}

impl OptionsError {
    /// Fails unless `right`.
    pub(super) fn check(
        option: &'static str,
        found: impl Display,
        expected: &'static str,
        right: bool,
    ) -> Result<(), Self> {
        if right { Ok(()) } else { Err(Self { option, expected, found: found.to_string() }) }
    }
}
