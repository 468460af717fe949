//! Cutting a face out by its landmarks, so that eyes, nose and mouth lie where they
//! lay in training.
//!
//! A detector's box says roughly where a face is; five points say where, how large and
//! how it leans. The similarity transform that brings them nearest to the
//! [`TEMPLATE`] leads from the crop to the photo, which is sampled once, and nowhere from
//! fewer pixels than the crop has.

use facenet::network::{INPUT_CHANNELS, INPUT_SIZE};
use ndarray::Array3;

use super::warp::warp;
use super::{Photo, Similarity};

/// Where a face's points are: eye, eye, tip of the nose, corner of the mouth, corner of
/// the mouth, each pair from left to right in the picture, in pixels of the photo
/// (continuous coordinates: pixel `i` covers `[i, i + 1)`).
pub type FacePoints = [[f32; 2]; 5];

/// Where the points lie in the network's 96×96 input: their medians over the pictures
/// that the weights were trained on, in continuous coordinates.
pub const TEMPLATE: [[f64; 2]; 5] =
    [[30.0, 29.6], [64.6, 29.6], [46.8, 49.2], [32.9, 65.4], [62.8, 66.0]];

/// From the crop's pixels to the photo's: the least-squares fit of the template to the
/// points. Nothing if the points lie at one place or are not finite.
#[must_use]
pub fn alignment(points: &FacePoints) -> Option<Similarity> {
    Similarity::fit(&TEMPLATE, &points.map(|point| point.map(f64::from)))
}

/// The network's input along a transform from the crop to the photo, such as
/// [`alignment`] gives.
///
/// # Shapes
/// `(3, 96, 96)`: red, green, blue planes, each value in 0..1.
///
/// # Panics
/// If the photo has no pixels.
#[must_use]
pub fn crop_along(photo: &Photo, map: &Similarity) -> Array3<f32> {
    let planes = warp(photo, map, INPUT_SIZE);
    Array3::from_shape_vec((INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE), planes)
        .expect("three planes of 96×96")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_the_template_are_left_where_they_are() {
        let points = TEMPLATE.map(|point| point.map(|v| v as f32));
        let map = alignment(&points).expect("apart");
        assert!((map.scale() - 1.0).abs() < 1e-6 && map.turn().abs() < 1e-6, "{map:?}");
        let moved = map.apply([10.0, 20.0]);
        assert!((moved[0] - 10.0).abs() < 1e-5 && (moved[1] - 20.0).abs() < 1e-5, "{moved:?}");
    }
}
