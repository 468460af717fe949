//! Where the images come from.
//!
//! A [`Source`] hands out images by number, each as a canvas with the window
//! that shows the face, so that what follows (order, augmentation, batches)
//! does not know packs from folders. Sources are read from several threads at
//! once and must give the same image each time.
//!
//! | source | when |
//! | --- | --- |
//! | [`PackSource`] | a pack with a window: aligned canvases, perhaps with a teacher's targets |
//! | [`FolderSource`] | a folder tree `person/photo.jpg` |
//! | [`JoinedSource`] | several of these as one |

mod canvas;
mod folder;
mod joined;
mod pack;
mod photo_reader;

use faces::{FaceError, PhotoError, Window};
use image::RgbImage;

use super::Error;
use crate::dataset::{DatasetError, Target};

pub use folder::{FolderOptions, FolderSource};
pub use joined::JoinedSource;
pub use pack::PackSource;
pub use photo_reader::{AlignedPhotos, FacesInPhotos, PhotoReader};

/// A decoded image and the part of it that is the network's input, with what
/// lies round it, so that the window can be shifted, scaled and rotated.
#[derive(Clone, Debug, PartialEq)]
pub struct Canvas {
    /// RGB.
    pub image: RgbImage,
    /// The face. It may stick out of the image, whose border is repeated.
    pub window: Window,
}

/// Numbered images of numbered people.
pub trait Source: Send + Sync {
    /// Number of images.
    fn len(&self) -> usize;

    /// Whether there is no image.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the person on image `index`.
    fn identity(&self, index: usize) -> u32;

    /// What to call image `index` in a message.
    fn name(&self, index: usize) -> String;

    /// A name of image `index` that does not depend on where its folder lies; empty where
    /// the number identifies it.
    fn file_name(&self, _index: usize) -> String {
        String::new()
    }

    /// Reads and decodes image `index`.
    ///
    /// # Errors
    /// When that cannot be done. Training goes on without the image.
    fn canvas(&self, index: usize) -> Result<Canvas, SourceError>;

    /// Whether images have targets, see [`target`](Self::target).
    fn has_targets(&self) -> bool {
        false
    }

    /// The teacher's encoding of image `index`, of unit length. There is one
    /// for every image if [`has_targets`](Self::has_targets) says so.
    fn target(&self, _index: usize) -> Option<Target> {
        None
    }
}

/// An image that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Its bytes cannot be had.
    #[error("cannot be read: {0}")]
    Read(#[from] DatasetError),
    /// They are no image.
    #[error("cannot be decoded: {0}")]
    Decode(#[from] image::ImageError),
    /// Another size than the pack says.
    #[error("expected {} by {} pixels, found {} by {}", expected[0], expected[1], found[0], found[1])]
    Size {
        /// Width and height in the pack's description.
        expected: [u32; 2],
        /// The image's.
        found: [u32; 2],
    },
    /// No pixels, or a window that is no rectangle of finite size.
    #[error("an image of {} by {} pixels has no window {window:?}", size[0], size[1])]
    Window {
        /// Width and height of the image.
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
    /// Whatever keeps another [`PhotoReader`] or [`Source`] from giving it.
    #[error(transparent)]
    Other(Box<dyn std::error::Error + Send + Sync>),
}

/// A source must have images.
fn check_not_empty(source: &dyn Source) -> Result<(), Error> {
    if source.is_empty() { Err(Error::NoImages) } else { Ok(()) }
}
