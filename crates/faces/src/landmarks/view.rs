//! Input of the landmark network: a circular crop of the photo.
//!
//! The view is framed as the encoder's crop is (about the face, [`INPUT_SIZE`] pixels of
//! crop to [`VIEW_SIZE`] of view), and all outside the inscribed circle is gray. A round
//! view shows the same part of a photo at any rotation, so in training the image's border
//! does not reveal the roll.

use facenet::network::{INPUT_CHANNELS, INPUT_SIZE, VIEW_SIZE};
use ndarray::Array3;

use super::{Landmarks, alignment};
use crate::resample::warp;
use crate::{FaceBox, Photo, Similarity, face_window};

/// Pixels of the crop to a pixel of the view.
const CROP_PIXELS: f64 = INPUT_SIZE as f64 / VIEW_SIZE as f64;
/// The color outside the circle.
const OUTSIDE: f32 = 0.5;

/// From view pixels to the photo, framed by a detector's box and rotated by
/// `rotation` radians about the box's middle.
pub(crate) fn of_box(face: &FaceBox, rotation: f64) -> Similarity {
    let window = face_window(face);
    let corner = Similarity::new(1.0, 0.0, [0.0; 2], [window.x, window.y]);
    let enlarged = Similarity::new(window.width / VIEW_SIZE as f64, 0.0, [0.0; 2], [0.0; 2]);
    let (x, y) = face.middle();
    let middle = [x, y].map(f64::from);
    let rotated = Similarity::new(1.0, rotation, middle, middle);
    rotated.after(&corner.after(&enlarged))
}

/// From view pixels to the photo, framed by landmarks; nothing if they lie at one place.
pub fn of_landmarks(landmarks: &Landmarks) -> Option<Similarity> {
    let enlarged = Similarity::new(CROP_PIXELS, 0.0, [0.0; 2], [0.0; 2]);
    Some(alignment(landmarks)?.after(&enlarged))
}

/// The network's input: `(3, 64, 64)`, RGB in 0..1.
pub fn image(photo: &Photo, view: &Similarity) -> Array3<f32> {
    let mut planes = warp(photo, view, VIEW_SIZE);
    cut_round(&mut planes);
    Array3::from_shape_vec((INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE), planes)
        .expect("three planes of 64×64")
}

/// Paints over what lies outside the circle.
pub fn cut_round(planes: &mut [f32]) {
    let middle = VIEW_SIZE as f32 / 2.0;
    for (i, value) in planes.iter_mut().enumerate() {
        let (row, column) = (i / VIEW_SIZE % VIEW_SIZE, i % VIEW_SIZE);
        let (x, y) = (column as f32 + 0.5 - middle, row as f32 + 0.5 - middle);
        if x.hypot(y) > middle {
            *value = OUTSIDE;
        }
    }
}

/// The network's ten numbers as landmarks in the photo.
pub(crate) fn to_photo(outputs: &[f32], view: &Similarity) -> Landmarks {
    std::array::from_fn(|point| {
        let place = [0, 1].map(|axis| {
            let from_middle = f64::from(outputs[2 * point + axis]);
            (from_middle + 0.5) * VIEW_SIZE as f64
        });
        view.apply(place).map(|v| v as f32)
    })
}

/// A transform of the view about its middle, by a scale and a rotation in degrees.
pub fn changed([scale, rotation]: [f64; 2]) -> Similarity {
    let middle = [VIEW_SIZE as f64 / 2.0; 2];
    Similarity::new(scale, rotation.to_radians(), middle, middle)
}

/// The network's answer to a mirrored view as one to the view itself: x changes its sign,
/// left and right their places, and the scores stay.
pub(crate) fn unmirrored(outputs: &[f32]) -> Vec<f32> {
    let points = [1, 0, 2, 4, 3].into_iter().flat_map(|i| [-outputs[2 * i], outputs[2 * i + 1]]);
    points.chain(outputs[10..].iter().copied()).collect()
}

/// Landmarks in the photo as the ten numbers that the network is to answer.
pub fn to_outputs(landmarks: &Landmarks, view: &Similarity) -> [f32; 10] {
    let back = view.inverse();
    let mut outputs = [0.0; 10];
    for (place, point) in outputs.chunks_exact_mut(2).zip(landmarks) {
        let at = back.apply(point.map(f64::from));
        place.copy_from_slice(&at.map(|v| (v / VIEW_SIZE as f64 - 0.5) as f32));
    }
    outputs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_go_to_outputs_and_back() {
        let points = [[10.0, 20.0], [44.0, 18.0], [30.0, 35.0], [15.0, 52.0], [42.0, 50.0]];
        let view = of_landmarks(&points).expect("apart");
        let back = to_photo(&to_outputs(&points, &view), &view);
        for (a, b) in points.as_flattened().iter().zip(back.as_flattened()) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }

    #[test]
    fn the_view_is_framed_as_the_crop_and_round() {
        let side =
            face_window(&FaceBox { x: 0.0, y: 0.0, width: 50.0, height: 50.0, score: 9.0 }).width;
        let face = FaceBox { x: 0.0, y: 0.0, width: 50.0, height: 50.0, score: 9.0 };
        assert!((of_box(&face, 0.3).scale() - side / 64.0).abs() < 1e-5);
        let mut planes = vec![1.0; 3 * VIEW_SIZE * VIEW_SIZE];
        cut_round(&mut planes);
        let inside = planes.iter().filter(|v| **v == 1.0).count() as f64 / planes.len() as f64;
        assert!((inside - std::f64::consts::FRAC_PI_4).abs() < 0.01, "{inside}");
    }
}
