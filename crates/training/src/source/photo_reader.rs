//! From a photo's file to a canvas: where on it is the face?

use std::path::Path;

use facenet::network::INPUT_SIZE;
use faces::resample::warp_to_rgb;
use faces::{
    DecodeLimits, Detector, FaceAligner, FaceChoice, Photo, Similarity, Window, choose_one,
};

use super::{Canvas, SourceError};

/// Reads a photo and says where on it the face is. Functions and closures of this form do, too.
pub trait PhotoReader: Send + Sync {
    /// The photo and the window of its face. It must say the same each time.
    ///
    /// # Errors
    /// When it cannot be read or no face is found. Training goes on without it.
    fn read(&self, photo: &Path) -> Result<Canvas, SourceError>;
}

impl<F: Fn(&Path) -> Result<Canvas, SourceError> + Send + Sync> PhotoReader for F {
    fn read(&self, photo: &Path) -> Result<Canvas, SourceError> {
        self(photo)
    }
}

/// Images that are face crops already: all of each is the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AlignedPhotos {
    /// What is refused.
    pub limits: DecodeLimits,
}

impl PhotoReader for AlignedPhotos {
    fn read(&self, photo: &Path) -> Result<Canvas, SourceError> {
        let photo = Photo::open(photo, &self.limits)?;
        let (width, height) = (f64::from(photo.width()), f64::from(photo.height()));
        Canvas::new(photo.rgb().clone(), Window { x: 0.0, y: 0.0, width, height })
    }
}

/// Photos in which the face has yet to be found. It is aligned as it will be when the
/// network is used: by its landmarks, or by the box where they are not reliable.
#[derive(Clone, Debug)]
pub struct FacesInPhotos<D> {
    /// Finds faces.
    pub detector: D,
    /// Finds their landmarks.
    pub aligner: FaceAligner,
    /// Which of several. Of more than one that are chosen the first counts.
    pub choice: FaceChoice,
    /// What is refused.
    pub limits: DecodeLimits,
}

/// Side of the window on an upright face: what a rotation or shift in training needs more
/// than the network's input has.
const WINDOW: usize = 128;
/// What is kept round it, on each side.
const ROOM: usize = WINDOW / 2;

impl<D: Detector> PhotoReader for FacesInPhotos<D> {
    fn read(&self, photo: &Path) -> Result<Canvas, SourceError> {
        let photo = Photo::open(photo, &self.limits)?;
        let found = self.detector.detect_with_landmarks(&photo);
        let face = choose_one(&found, &photo, self.choice)?;
        let crop = self.aligner.locate(&photo, face);
        let corner = [ROOM as f64; 2];
        let pixel = INPUT_SIZE as f64 / WINDOW as f64;
        let canvas = crop.after(&Similarity::new(pixel, 0.0, corner, [0.0; 2]));
        let image = warp_to_rgb(&photo, &canvas, [WINDOW + 2 * ROOM; 2]);
        let [start, side] = [ROOM, WINDOW].map(|v| v as f64);
        Canvas::new(image, Window { x: start, y: start, width: side, height: side })
    }
}
