//! From a photo's file to a canvas: where on it is the face?

use std::path::Path;

use super::{Canvas, PictureError};
use crate::dataset::Window;
use crate::photo::{DecodeLimits, Detector, FaceChoice, Photo, choose, face_window};

/// Reads a photo and says where on it the face is.
///
/// Functions and closures of this form are one.
pub trait Framing: Send + Sync {
    /// The photo and the window of its face. It must say the same each time.
    ///
    /// # Errors
    /// When it cannot be read or no face is found. Training goes on without it.
    fn frame(&self, photo: &Path) -> Result<Canvas, PictureError>;
}

impl<F: Fn(&Path) -> Result<Canvas, PictureError> + Send + Sync> Framing for F {
    fn frame(&self, photo: &Path) -> Result<Canvas, PictureError> {
        self(photo)
    }
}

/// Pictures that are face crops already: all of each is the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlignedPhotos {
    /// What is refused.
    pub limits: DecodeLimits,
}

impl Framing for AlignedPhotos {
    fn frame(&self, photo: &Path) -> Result<Canvas, PictureError> {
        let photo = Photo::open(photo, &self.limits)?;
        let (width, height) = (f64::from(photo.width()), f64::from(photo.height()));
        Canvas::new(photo.rgb().clone(), Window { x: 0.0, y: 0.0, width, height })
    }
}

/// Photos in which the face has yet to be found.
#[derive(Clone, Debug, Default)]
pub struct FacesInPhotos<D> {
    /// Finds faces; each photo has a clone of its own.
    pub detector: D,
    /// Which of several. Of more than one that are chosen the first counts.
    pub choice: FaceChoice,
    /// What is refused.
    pub limits: DecodeLimits,
}

impl<D: Detector + Clone + Send + Sync> Framing for FacesInPhotos<D> {
    fn frame(&self, photo: &Path) -> Result<Canvas, PictureError> {
        let photo = Photo::open(photo, &self.limits)?;
        let faces = self.detector.clone().detect(&photo);
        let chosen = choose(&faces, &photo, self.choice)?;
        Canvas::new(photo.rgb().clone(), face_window(&chosen[0]))
    }
}
