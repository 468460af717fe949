//! Five landmarks of a face: where they are, by a small network of our own, and where they
//! belong.
//!
//! ```text
//! box ─► view ──► network ──► landmarks ─────────► view ─► … ─► landmarks, confidence
//!        round,   64×64       where the face is,    by the
//!        framed               how large, its        landmarks
//!        by box               roll
//! ```
//!
//! A detector's box is off by a few pixels and knows nothing of a face's roll. The first pass
//! finds landmarks in it; further ones read a view that is shifted, scaled and
//! rotated by what the one before found. The network is [defined](facenet::network) with
//! FaceNet and trained in the crate `training`; its weights are in the binary.
//!
//! Five landmarks say where a face is, how large and at which roll. The similarity transform
//! that brings them nearest to the [`TEMPLATE`] aligns the face: its eyes, nose and mouth lie
//! where they lay in training.
//!
//! | part | what it is |
//! | --- | --- |
//! | [`LandmarkFinder`] | from photo and box to [`FoundLandmarks`] |
//! | [`view`] | what the network is shown |
//! | [`alignment`] | from landmarks to the transform that aligns them |

mod finder;
pub mod view;

pub use finder::{FoundLandmarks, LandmarkFinder};

use crate::Similarity;

/// Where a face's eye, eye, tip of the nose, corner of the mouth and corner of the mouth are,
/// each pair from left to right in the image, in continuous coordinates: pixel `i` covers
/// `[i, i + 1)`.
pub type Landmarks = [[f32; 2]; 5];

/// Where landmarks lie in the network's 96×96 input: their medians over the images
/// that the weights were trained on, in continuous coordinates.
pub const TEMPLATE: [[f64; 2]; 5] =
    [[30.0, 29.6], [64.6, 29.6], [46.8, 49.2], [32.9, 65.4], [62.8, 66.0]];

/// Landmarks of this confidence and more frame the crop.
///
/// Of 1,605 faces of people who were not trained on, with a roll of up to 45° and in boxes
/// that are off as a detector's, and of as many views of no face, `weights/landmarks`
/// says how many come to lie on which side.
pub(crate) const LEAST_CONFIDENCE: f32 = 0.5;

/// From the crop's pixels to the photo's: the least-squares fit of the template to the
/// landmarks. Nothing if these lie at one place or are not finite.
#[must_use]
pub fn alignment(landmarks: &Landmarks) -> Option<Similarity> {
    Similarity::fit(&TEMPLATE, &landmarks.map(|point| point.map(f64::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn landmarks_on_the_template_are_left_where_they_are() {
        let landmarks = TEMPLATE.map(|point| point.map(|v| v as f32));
        let map = alignment(&landmarks).expect("apart");
        assert!((map.scale() - 1.0).abs() < 1e-6 && map.rotation().abs() < 1e-6, "{map:?}");
        let moved = map.apply([10.0, 20.0]);
        assert!((moved[0] - 10.0).abs() < 1e-5 && (moved[1] - 20.0).abs() < 1e-5, "{moved:?}");
    }
}
