//! Crops by the detector against crops by landmarks, on real photographs, where
//! the shared folder is there. The constants in `faces/src/crop.rs` were fitted that way.

use faces::landmarks::TEMPLATE;
use faces::{
    DecodeLimits, Detector, FaceChoice, NetworkDetector, NetworkOptions, Photo, choose_one,
    face_window,
};
use training::dataset::Pack;

/// Middle and side of the square that maps landmarks to the template best, in
/// the sense of least squares, by shift and scale.
fn wanted(landmarks: &[[f64; 2]; 5]) -> ([f64; 2], f64) {
    let mean =
        |points: &[[f64; 2]; 5]| [0, 1].map(|k| points.iter().map(|p| p[k]).sum::<f64>() / 5.0);
    let (from, to) = (mean(&TEMPLATE), mean(landmarks));
    let (mut both, mut own) = (0.0, 0.0);
    for (t, l) in TEMPLATE.iter().zip(landmarks) {
        for k in 0..2 {
            both += (t[k] - from[k]) * (l[k] - to[k]);
            own += (t[k] - from[k]).powi(2);
        }
    }
    let scale = both / own;
    ([0, 1].map(|k| to[k] + scale * (48.0 - from[k])), 96.0 * scale)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[test]
fn the_detectors_crops_are_framed_as_by_landmarks() {
    let Some(folder) = test_support::reference("lfw/originals") else { return };
    let pack = Pack::open(folder).unwrap();
    let detector = NetworkDetector::embedded(NetworkOptions::default()).unwrap();
    let (mut rights, mut downs, mut sizes, mut count) = (vec![], vec![], vec![], 0);
    for index in (0..pack.len()).step_by(7) {
        let Some(landmarks) = pack.landmarks(index) else { continue };
        count += 1;
        let file = pack.image(index).unwrap();
        let photo = Photo::from_bytes(&file, "portrait", &DecodeLimits::default()).unwrap();
        let Ok(face) = choose_one(&detector.detect(&photo), &photo, FaceChoice::Central) else {
            continue;
        };
        let (middle, side) = wanted(&landmarks.map(|point| point.map(f64::from)));
        let window = face_window(&face);
        let found = [window.x + window.width / 2.0, window.y + window.height / 2.0];
        let [right, down] = [0, 1].map(|k| 96.0 * (found[k] - middle[k]) / side);
        if right.hypot(down) < 30.0 {
            rights.push(right);
            downs.push(down);
            sizes.push(window.width / side);
        }
    }
    let share = rights.len() as f64 / f64::from(count);
    assert!(share >= 0.98, "found {} of {count}", rights.len());
    let spread =
        |values: &[f64]| (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
    assert!(spread(&rights) < 8.0, "{} pixels left or right", spread(&rights));
    assert!(spread(&downs) < 4.0, "{} pixels up or down", spread(&downs));
    let (right, down, size) = (median(rights), median(downs), median(sizes));
    assert!(right.abs() < 2.0 && down.abs() < 1.0, "off by {right}, {down} pixels on the median");
    assert!((size - 1.0).abs() < 0.03, "{size} times as large on the median");
}
