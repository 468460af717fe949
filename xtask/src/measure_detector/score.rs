//! Whether a face was found, how far off its landmarks are, and how long it took.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use faces::landmarks::Landmarks;
use faces::{CropMethod, Detection, Detector, FaceAligner};
use serde::Serialize;

use super::copies::Known;

/// A box of the face has a side (the root of its area) of so many distances from the eyes to the
/// mouth, from and to. Of most it is 2.4.
const SIDES: [f32; 2] = [1.2, 4.8];

/// What came of one photo.
pub(super) struct Score {
    /// The face that was meant, if it was found.
    found: Option<Found>,
    /// Other boxes.
    others: usize,
    seconds: f64,
}

struct Found {
    /// Mean distance of the landmarks, the detector's and those that frame the crop, in distances
    /// from the eyes to the mouth.
    errors: [Option<f32>; 2],
    /// The detector's own uncertainty.
    uncertainty: Option<f32>,
    /// Whether the box framed the crop.
    by_box: bool,
    yaw: f32,
}

/// Detects, and looks for the face that is known.
pub(super) fn of(known: &Known, detector: &Arc<dyn Detector>, aligner: &FaceAligner) -> Score {
    let start = Instant::now();
    let faces = detector.detect_with_landmarks(&known.photo);
    let seconds = start.elapsed().as_secs_f64();
    let own = faces.iter().filter(|face| is_of(face, &known.landmarks));
    let best = own.max_by(|a, b| a.face_box.score.total_cmp(&b.face_box.score));
    let found = best.map(|face| {
        let aligned = aligner.align(&known.photo, face);
        let by_box = aligned.method == CropMethod::Box;
        let seen = face.landmarks.map(|seen| error(&seen.points, &known.landmarks));
        let framed = (!by_box).then(|| error(&aligned.landmarks, &known.landmarks));
        Found {
            errors: [seen, framed],
            uncertainty: face.landmarks.map(|seen| seen.uncertainty),
            by_box,
            yaw: aligned.quality.yaw.abs(),
        }
    });
    Score { others: faces.len() - usize::from(found.is_some()), found, seconds }
}

/// From the middle between the eyes to the middle between the corners of the mouth.
fn length(landmarks: &Landmarks) -> f32 {
    let [left, right, _, mouth_left, mouth_right] = landmarks;
    let off =
        [0, 1].map(|axis| (mouth_left[axis] + mouth_right[axis] - left[axis] - right[axis]) / 2.0);
    off[0].hypot(off[1])
}

/// Whether a box is of the face with these landmarks: it holds their middle and is about as
/// large.
fn is_of(face: &Detection, landmarks: &Landmarks) -> bool {
    let [x, y] = [0, 1].map(|axis| landmarks.iter().map(|point| point[axis]).sum::<f32>() / 5.0);
    let [left, top, width, height] = face.face_box.sides();
    let side = face.face_box.area().sqrt() / length(landmarks);
    (left..left + width).contains(&x)
        && (top..top + height).contains(&y)
        && (SIDES[0]..SIDES[1]).contains(&side)
}

fn error(found: &Landmarks, known: &Landmarks) -> f32 {
    let off: f32 = found.iter().zip(known).map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum();
    off / 5.0 / length(known)
}

/// What came of one kind of copies.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    name: &'static str,
    /// Photos.
    photos: usize,
    /// Share of them whose face was found.
    recall: f64,
    /// Photos whose face was not found.
    missed: usize,
    /// Other boxes, a photo.
    others: f64,
    /// Median and 99th percentile of the errors of the detector's landmarks, in distances from
    /// the eyes to the mouth.
    detected: Option<[f32; 2]>,
    /// The same of the landmarks that framed the crop.
    framed: Option<[f32; 2]>,
    /// Share of the found faces whose crop the box framed.
    by_box: f64,
    /// Correlation of the logarithms of the detector's uncertainty and its error.
    uncertainty: Option<f64>,
    /// Median yaw, in degrees.
    yaw: f32,
    /// Median milliseconds of a detection.
    milliseconds: f64,
}

impl Row {
    pub(super) const HEAD: &'static str = "| copies | photos | found | missed | others a photo | \
        detector's landmarks, median and 99 % | the crop's | by box | yaw | ms |\n\
        | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

    pub(super) fn of(name: &'static str, scores: Vec<Score>) -> Self {
        let found: Vec<_> = scores.iter().filter_map(|score| score.found.as_ref()).collect();
        let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
        let errors = |which: usize| {
            let errors: Vec<_> = found.iter().filter_map(|found| found.errors[which]).collect();
            (!errors.is_empty()).then(|| [0.5, 0.99].map(|part| quantile(errors.clone(), part)))
        };
        let others: usize = scores.iter().map(|score| score.others).sum();
        let by_box = found.iter().filter(|found| found.by_box).count();
        let seconds = scores.iter().map(|score| score.seconds as f32).collect();
        let pairs: Vec<_> = found
            .iter()
            .filter_map(|found| Some((found.uncertainty?.ln(), found.errors[0]?.ln())))
            .collect();
        Self {
            name,
            photos: scores.len(),
            recall: share(found.len(), scores.len()),
            missed: scores.len() - found.len(),
            others: others as f64 / scores.len().max(1) as f64,
            detected: errors(0),
            framed: errors(1),
            by_box: share(by_box, found.len()),
            uncertainty: correlation(&pairs),
            yaw: quantile(found.iter().map(|found| found.yaw).collect(), 0.5),
            milliseconds: 1e3 * f64::from(quantile(seconds, 0.5)),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, photos, recall, missed, others, by_box, yaw, milliseconds, .. } = self;
        let [detected, framed] = [self.detected, self.framed].map(|errors| match errors {
            Some([median, most]) => format!("{median:.3}, {most:.3}"),
            None => "none".to_owned(),
        });
        write!(
            f,
            "| {name} | {photos} | {:.2} % | {missed} | {others:.3} | {detected} | {framed} | \
             {:.2} % | {yaw:.0}° | {milliseconds:.1} |",
            100.0 * recall,
            100.0 * by_box,
        )
    }
}

/// The value below which this part of the values lies; 0 of none.
fn quantile(mut values: Vec<f32>, part: f64) -> f32 {
    values.sort_by(f32::total_cmp);
    let last = values.len().saturating_sub(1);
    values.get((part * last as f64).round() as usize).copied().unwrap_or(0.0)
}

/// Pearson's coefficient; nothing of fewer than three pairs.
fn correlation(pairs: &[(f32, f32)]) -> Option<f64> {
    if pairs.len() < 3 {
        return None;
    }
    let n = pairs.len() as f64;
    let pairs = || pairs.iter().map(|&(a, b)| (f64::from(a), f64::from(b)));
    let (a, b) = pairs().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
    let sum = |value: fn(f64, f64) -> f64| pairs().map(|(x, y)| value(x - a, y - b)).sum::<f64>();
    let spread = (sum(|x, _| x * x) * sum(|_, y| y * y)).sqrt();
    (spread > 0.0).then(|| sum(|x, y| x * y) / spread)
}

#[cfg(test)]
mod tests {
    use faces::FaceBox;

    use super::*;

    const LANDMARKS: Landmarks =
        [[80.0, 70.0], [120.0, 70.0], [100.0, 95.0], [85.0, 115.0], [115.0, 115.0]];

    #[test]
    fn a_box_is_the_faces_where_it_is_and_as_large() {
        let at = |x: f32, y: f32, side: f32| {
            Detection::from(FaceBox { x, y, width: side, height: side, score: 1.0 })
        };
        assert!(is_of(&at(45.0, 40.0, 110.0), &LANDMARKS));
        assert!(!is_of(&at(80.0, 70.0, 40.0), &LANDMARKS), "too small");
        assert!(!is_of(&at(0.0, 0.0, 250.0), &LANDMARKS), "too large");
        assert!(!is_of(&at(145.0, 40.0, 110.0), &LANDMARKS), "elsewhere");
    }

    #[test]
    fn errors_are_in_distances_from_eyes_to_mouth() {
        let off = LANDMARKS.map(|[x, y]| [x + 9.0, y]);
        assert!((error(&off, &LANDMARKS) - 0.2).abs() < 1e-6);
        assert_eq!(quantile(vec![3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(vec![], 0.5), 0.0);
        let line = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert!((correlation(&line).unwrap() - 1.0).abs() < 1e-9);
        assert_eq!(correlation(&line[..2]), None);
    }
}
