//! Accuracy of landmarks on held-out images.

use facenet::network::VIEW_SIZE;
use faces::landmarks::{LandmarkFinder, view};
use faces::{Landmarks, Photo, Similarity};
use image::RgbImage;
use rayon::prelude::*;
use tensor::Random;

use super::border::framed;
use super::no_face;
use crate::random::{self, Purpose};

/// How far landmarks are off, as a share of the distance between the eyes: the mean over
/// five landmarks, over faces.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LandmarkError {
    /// Faces that were measured.
    pub faces: usize,
    /// Mean over the faces.
    pub mean: f64,
    /// Half of the faces are better.
    pub median: f64,
    /// Nineteen of twenty faces are better.
    pub percentile_95: f64,
}

/// A measure on people who were not trained on.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LandmarkMeasure {
    /// Boxes as a detector gives them: off by some 7 % and upright.
    pub upright: LandmarkError,
    /// The same, the face rolled by up to 45°.
    pub rolled: LandmarkError,
    /// Share of the rolled faces with a confidence of 0.5 or more.
    pub faces_accepted: f64,
    /// Share of views of no face with a confidence below 0.5.
    pub others_refused: f64,
}

impl LandmarkError {
    /// From the errors of faces; nothing is zero.
    #[must_use]
    pub fn of(mut errors: Vec<f64>) -> Self {
        if errors.is_empty() {
            return Self::default();
        }
        errors.sort_by(f64::total_cmp);
        let at = |share: f64| errors[((errors.len() - 1) as f64 * share).round() as usize];
        let mean = errors.iter().sum::<f64>() / errors.len() as f64;
        Self { faces: errors.len(), mean, median: at(0.5), percentile_95: at(0.95) }
    }

    /// The mean distance of five landmarks from where they should be, in distances
    /// between the eyes.
    #[must_use]
    pub fn of_face(found: &Landmarks, truth: &Landmarks) -> f64 {
        let distance = |a: &[f32; 2], b: &[f32; 2]| f64::from((a[0] - b[0]).hypot(a[1] - b[1]));
        let sum: f64 = found.iter().zip(truth).map(|(a, b)| distance(a, b)).sum();
        sum / 5.0 / distance(&truth[0], &truth[1])
    }
}

/// Measures on these images.
pub(super) fn measure(
    finder: &LandmarkFinder,
    images: Vec<(Photo, Landmarks)>,
    seed: u64,
) -> LandmarkMeasure {
    let measured: Vec<_> = images
        .par_iter()
        .enumerate()
        .filter_map(|(place, (photo, landmarks))| {
            let mut random = random::at(seed, Purpose::HeldOut, [1, place as u64]);
            let upright = look_at(finder, photo.rgb(), landmarks, 0.0, &mut random)?;
            let roll = random::between(&mut random, -45.0, 45.0);
            let rolled = look_at(finder, photo.rgb(), landmarks, roll, &mut random)?;
            let refused = refuses(finder, photo, landmarks, &mut random);
            Some((upright.0, rolled, refused))
        })
        .collect();
    let share = |count: usize| count as f64 / measured.len().max(1) as f64;
    LandmarkMeasure {
        upright: LandmarkError::of(measured.iter().map(|m| m.0).collect()),
        rolled: LandmarkError::of(measured.iter().map(|m| m.1.0).collect()),
        faces_accepted: share(measured.iter().filter(|m| m.1.1 >= 0.5).count()),
        others_refused: share(measured.iter().filter(|m| m.2).count()),
    }
}

/// Error and confidence in a box that is off as a detector's are.
fn look_at(
    finder: &LandmarkFinder,
    image: &RgbImage,
    landmarks: &Landmarks,
    roll: f64,
    random: &mut Random,
) -> Option<(f64, f32)> {
    let (image, landmarks) = framed(image, landmarks, random);
    let side = VIEW_SIZE as f64;
    let to = [(); 2].map(|()| side * (0.5 + 0.05 * random.normal()));
    let scale = (0.07 * random.normal()).exp();
    let change = Similarity::new(scale, roll.to_radians(), [side / 2.0; 2], to);
    let first = view::of_landmarks(&landmarks)?.after(&change);
    let photo = Photo::from_rgb(image);
    let found = finder.find_in_view(&photo, first);
    // The pack's faces are upright, so what is rotated is the view; the landmarks' order
    // stays the same.
    Some((LandmarkError::of_face(&found.landmarks, &landmarks), found.confidence))
}

/// Whether a view of no face is taken for none.
fn refuses(
    finder: &LandmarkFinder,
    photo: &Photo,
    landmarks: &Landmarks,
    random: &mut Random,
) -> bool {
    let mut planes = no_face::draw(photo.rgb(), landmarks, random);
    view::cut_round(&mut planes);
    finder.confidence_of(planes) < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_is_counted_in_eye_distances() {
        let truth = [[0.0, 0.0], [40.0, 0.0], [20.0, 20.0], [5.0, 40.0], [35.0, 40.0]];
        let mut found = truth;
        found[2] = [26.0, 28.0];
        assert_eq!(LandmarkError::of_face(&found, &truth), 10.0 / 5.0 / 40.0);
        let error = LandmarkError::of(vec![0.3, 0.1, 0.2]);
        assert_eq!((error.faces, error.median, error.percentile_95), (3, 0.2, 0.3));
        assert!((error.mean - 0.2).abs() < 1e-12);
    }
}
