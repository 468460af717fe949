//! Finding faces.
//!
//! [`Detector`] is the extension point. The bundled implementation is [`NetworkDetector`], a
//! small network of our own; replacing it means refitting the constants in `crop.rs`, which
//! were fitted to its boxes.

mod detection;
mod network;
mod rotated;

pub use self::detection::{DetectedLandmarks, Detection};
pub use self::network::{NetworkDetector, NetworkOptions, merge_detections, read_detections};
pub use self::rotated::{ALL_ROTATIONS, RotatedDetector};

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use super::{FaceBox, Photo};

/// An option of a detector that is out of its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{option}: expected {expected}, found {found}")]
pub struct BadOption {
    /// The field.
    pub option: &'static str,
    /// Its range.
    pub expected: &'static str,
    /// What was given.
    pub found: f64,
}

/// Something that finds faces.
pub trait Detector: fmt::Debug + Send + Sync {
    /// The faces of a photo, the largest first; equally large ones from top to
    /// bottom, then from left to right. The same photo gives the same boxes.
    fn detect(&self, photo: &Photo) -> Vec<FaceBox>;

    /// The same faces in the same order, with the landmarks that the detector saw. One that
    /// sees none leaves this as it is.
    fn detect_with_landmarks(&self, photo: &Photo) -> Vec<Detection> {
        self.detect(photo).into_iter().map(Detection::from).collect()
    }
}

impl Detector for Arc<dyn Detector> {
    fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
        (**self).detect(photo)
    }

    fn detect_with_landmarks(&self, photo: &Photo) -> Vec<Detection> {
        (**self).detect_with_landmarks(photo)
    }
}

/// The order of two boxes.
fn order(a: &FaceBox, b: &FaceBox) -> Ordering {
    let larger = b.area().total_cmp(&a.area());
    larger.then(a.y.total_cmp(&b.y)).then(a.x.total_cmp(&b.x))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sees two faces.
    #[derive(Debug)]
    struct Two;

    impl Detector for Two {
        fn detect(&self, _photo: &Photo) -> Vec<FaceBox> {
            [9.0, 4.0].map(|side| FaceBox { width: side, height: side, ..FACE }).to_vec()
        }
    }

    const FACE: FaceBox = FaceBox { x: 0.0, y: 0.0, width: 1.0, height: 1.0, score: 1.0 };

    #[test]
    fn a_detector_that_sees_no_landmarks_says_so() {
        let detector: Arc<dyn Detector> = Arc::new(Two);
        let photo = Photo::from_rgb(image::RgbImage::new(9, 9));
        let faces = detector.detect_with_landmarks(&photo);
        assert_eq!(faces, Two.detect(&photo).into_iter().map(Detection::from).collect::<Vec<_>>());
        assert!(faces.len() == 2 && faces.iter().all(|face| face.landmarks.is_none()));
    }

    #[test]
    fn the_largest_comes_first_and_ties_have_an_order() {
        let at = |x, y, size| FaceBox { x, y, width: size, height: size, score: 1.0 };
        let expected =
            [at(5.0, 9.0, 80.0), at(9.0, 1.0, 40.0), at(2.0, 7.0, 40.0), at(3.0, 7.0, 40.0)];
        let mut boxes = [expected[3], expected[1], expected[0], expected[2]];
        boxes.sort_by(order);
        assert_eq!(boxes, expected);
    }
}
