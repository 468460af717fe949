//! From a photo's file to a canvas: where on it is the face?

use std::path::Path;

use facenet::network::INPUT_SIZE;
use faces::warp::picture_along;
use faces::{DecodeLimits, Detector, FaceAligner, FaceChoice, Photo, Similarity, Window, choose};

use super::{Canvas, PictureError};

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

/// Photos in which the face has yet to be found. It is brought upright, as it will be
/// when the network is used: by its points, or by the box where they are not to be
/// believed.
#[derive(Clone, Debug)]
pub struct FacesInPhotos<D> {
    /// Finds faces; each photo has a clone of its own.
    pub detector: D,
    /// Finds their points.
    pub aligner: FaceAligner,
    /// Which of several. Of more than one that are chosen the first counts.
    pub choice: FaceChoice,
    /// What is refused.
    pub limits: DecodeLimits,
}

/// Side of the window on an upright face: what a turn or shift in training needs more
/// than the network's input has.
const WINDOW: usize = 128;
/// What is kept round it, on each side.
const ROOM: usize = WINDOW / 2;

impl<D: Detector + Clone + Send + Sync> Framing for FacesInPhotos<D> {
    fn frame(&self, photo: &Path) -> Result<Canvas, PictureError> {
        let photo = Photo::open(photo, &self.limits)?;
        let faces = self.detector.clone().detect(&photo);
        let chosen = choose(&faces, &photo, self.choice)?;
        let crop = self.aligner.frame(&photo, &chosen[0]).map;
        let corner = [ROOM as f64; 2];
        let pixel = INPUT_SIZE as f64 / WINDOW as f64;
        let canvas = crop.after(&Similarity::new(pixel, 0.0, corner, [0.0; 2]));
        let picture = picture_along(&photo, &canvas, [WINDOW + 2 * ROOM; 2]);
        let [start, side] = [ROOM, WINDOW].map(|v| v as f64);
        Canvas::new(picture, Window { x: start, y: start, width: side, height: side })
    }
}
