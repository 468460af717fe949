//! A second, mirrored look at one face.
//!
//! The classifiers look every few pixels and at a few sizes, so a box is off by
//! as much, and they were not trained to treat left and right alike. Looking
//! again at the face alone, scaled to a size the classifiers know well and
//! mirrored, makes other errors; the mean of both boxes has less of each.

use super::super::overlap;
use super::SeetaDetector;
use super::working::Working;
use crate::{FaceBox, Photo, Window};

/// Side of the face in the enlarged or reduced picture, in pixels.
const FACE: f32 = 64.0;
/// What is seen round the face on each side, in box sides.
const ROUND: f32 = 0.45;
/// The two boxes are of one face if they overlap (intersection over union) by
/// more than this.
const SAME_FACE: f32 = 0.4;

/// The box averaged with that of the second look, or as it is where the second
/// look does not find the face.
pub(super) fn improve(detector: &SeetaDetector, photo: &Photo, face: &FaceBox) -> FaceBox {
    let view = 1.0 + 2.0 * ROUND;
    let window = Window {
        x: f64::from(face.x - ROUND * face.width),
        y: f64::from(face.y - ROUND * face.height),
        width: f64::from(view * face.width),
        height: f64::from(view * face.height),
    };
    let side = (view * FACE).round();
    let picture = Working::mirrored(photo, window, side as usize);
    let again = detector.run(&picture.grey).into_iter().map(|mut found| {
        found.x = side - found.x - found.width;
        let found = picture.to_photo(&found);
        FaceBox { x: found.x + window.x as f32, y: found.y + window.y as f32, ..found }
    });
    let best = again
        .filter(|found| overlap(found, face) > SAME_FACE)
        .max_by(|a, b| a.score.total_cmp(&b.score));
    let Some(again) = best else { return *face };
    let mean = |a: f32, b: f32| (a + b) / 2.0;
    FaceBox {
        x: mean(face.x, again.x),
        y: mean(face.y, again.y),
        width: mean(face.width, again.width),
        height: mean(face.height, again.height),
        score: face.score,
    }
}
