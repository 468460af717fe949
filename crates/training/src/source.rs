//! Where the pictures come from.
//!
//! A [`Source`] hands out pictures by number, each as a canvas with the window
//! that shows the face, so that what follows (order, augmentation, batches)
//! does not know packs from folders. Sources are read from several threads at
//! once and must give the same picture each time.
//!
//! | source | when |
//! | --- | --- |
//! | [`PackSource`] | a pack with a window: aligned canvases, perhaps with a teacher's targets |
//! | [`FolderSource`] | a folder tree `person/photo.jpg` |
//! | [`JoinedSource`] | several of these as one |

mod canvas;
mod folder;
mod framing;
mod joined;
mod pack;

use std::error::Error;

use faces::{FaceError, PhotoError, Window};
use image::RgbImage;

use super::TrainingError;
use crate::dataset::{DatasetError, Target};

pub use folder::{FolderOptions, FolderSource};
pub use framing::{AlignedPhotos, FacesInPhotos, Framing};
pub use joined::JoinedSource;
pub use pack::PackSource;

/// A decoded picture and the part of it that is the network's input, with what
/// lies round it, so that the window can be shifted, scaled and turned.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// RGB.
    pub picture: RgbImage,
    /// The face. It may stick out of the picture, whose border is repeated.
    pub window: Window,
}

/// Numbered pictures of numbered people.
pub trait Source: Send + Sync {
    /// Number of pictures.
    fn len(&self) -> usize;

    /// Whether there is no picture.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the person on picture `index`.
    fn identity(&self, index: usize) -> u32;

    /// What to call picture `index` in a message.
    fn name(&self, index: usize) -> String;

    /// What tells picture `index` from others wherever its folder lies; nothing
    /// where its number does.
    fn file_name(&self, _index: usize) -> String {
        String::new()
    }

    /// Reads and decodes picture `index`.
    ///
    /// # Errors
    /// When that cannot be done. Training goes on without the picture.
    fn canvas(&self, index: usize) -> Result<Canvas, PictureError>;

    /// Whether pictures have targets, see [`target`](Self::target).
    fn has_targets(&self) -> bool {
        false
    }

    /// The teacher's encoding of picture `index`, of unit length. There is one
    /// for every picture if [`has_targets`](Self::has_targets) says so.
    fn target(&self, _index: usize) -> Option<Target> {
        None
    }
}

/// A picture that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// Its bytes cannot be had.
    #[error("cannot be read: {0}")]
    Read(#[from] DatasetError),
    /// They are no picture.
    #[error("cannot be decoded: {0}")]
    Decode(#[from] image::ImageError),
    /// Another size than the pack says.
    #[error("expected {} by {} pixels, found {} by {}", expected[0], expected[1], found[0], found[1])]
    Size {
        /// Width and height in the pack's description.
        expected: [u32; 2],
        /// The picture's.
        found: [u32; 2],
    },
    /// No pixels, or a window that is no rectangle of finite size.
    #[error("a picture of {} by {} pixels has no window {window:?}", size[0], size[1])]
    Window {
        /// Width and height of the picture.
        size: [u32; 2],
        /// The window.
        window: Window,
    },
    /// A user's photo, which says its name itself.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// There is no face in it, or several.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// Whatever keeps another [`Framing`] or [`Source`] from giving it.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

/// A source must have pictures.
fn check_not_empty(source: &dyn Source) -> Result<(), TrainingError> {
    if source.is_empty() { Err(TrainingError::NoPictures) } else { Ok(()) }
}
