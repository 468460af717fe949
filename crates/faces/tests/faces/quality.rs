//! Faces that can hardly be seen, made from one that can.

use faces::{AlignedFace, Detector, FaceAligner, Photo, QualityLimits};
use image::imageops::{FilterType, blur, resize};
use image::{Rgb, RgbImage};

use super::made::{detector, sample};

/// The face of the whole portrait, and of what `change` makes of its pixels, in the same
/// box: what is nearly black is seen by no detector.
fn changed(change: impl Fn(&RgbImage) -> RgbImage) -> [AlignedFace; 2] {
    let portrait = sample("obama-portrait.jpg");
    let place = detector().detect(&portrait)[0];
    let aligner = FaceAligner::embedded().unwrap();
    let other = Photo::from_rgb(change(portrait.rgb()));
    [&portrait, &other].map(|photo| aligner.align(photo, place))
}

fn with_values(image: &RgbImage, change: impl Fn(f32) -> f32) -> RgbImage {
    let mut image = image.clone();
    for Rgb(color) in image.pixels_mut() {
        *color = color.map(|value| change(f32::from(value)).clamp(0.0, 255.0) as u8);
    }
    image
}

#[test]
fn a_good_portrait_has_no_faults() {
    let [face, _] = changed(RgbImage::clone);
    assert_eq!(face.quality.faults(&QualityLimits::WARN), []);
}

#[test]
fn each_thing_that_is_wrong_is_named() {
    for (measure, change) in [
        ("sharpness", (|p| blur(p, 30.0)) as fn(&RgbImage) -> RgbImage),
        ("brightness", |p| with_values(p, |v| v / 40.0)),
        ("brightness", |p| with_values(p, |v| 252.0 + v / 90.0)),
        ("contrast", |p| with_values(p, |v| 120.0 + v / 30.0)),
    ] {
        let [whole, bad] = changed(change);
        assert_eq!(whole.quality.check(), Ok(()));
        let error = bad.quality.check().expect_err(measure);
        let fault = error.faults.iter().find(|fault| fault.measure == measure);
        let fault = fault.unwrap_or_else(|| panic!("{measure} is not in: {error}"));
        assert!(error.to_string().contains(fault.reason), "{error}");
    }
}

#[test]
fn a_face_of_a_few_pixels_is_refused_for_its_size() {
    let portrait = sample("obama-portrait.jpg");
    let (width, height) = (portrait.width() / 20, portrait.height() / 20);
    let small = Photo::from_rgb(resize(portrait.rgb(), width, height, FilterType::Triangle));
    let place = detector().detect(&portrait)[0];
    let shrunk = faces::FaceBox {
        x: place.x / 20.0,
        y: place.y / 20.0,
        width: place.width / 20.0,
        height: place.height / 20.0,
        score: place.score,
    };
    let face = FaceAligner::embedded().unwrap().align(&small, shrunk);
    let error = face.quality.check().expect_err("too small");
    assert!(error.faults.iter().any(|fault| fault.measure == "size"), "{error}");
    assert!(error.to_string().contains("at least 20 pixels"), "{error}");
}
