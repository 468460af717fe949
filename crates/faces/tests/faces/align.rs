//! From photo to encoding: whichever way a photo is stored, and however a face is rolled.

use std::sync::LazyLock;

use facenet::engine::Engine;
use facenet::matching::Encoding;
use facenet::network::Variant;
use facenet::weights::Weights;
use faces::{
    ALL_ROTATIONS, AlignedFace, CropMethod, Detector, FaceAligner, Photo, RotatedDetector,
    Similarity,
};
use image::{ImageFormat, RgbImage};

use super::made::{decoded, detector, sample};
use super::orientation::{exif, stored, with_exif};

static ENGINE: LazyLock<Engine> =
    LazyLock::new(|| Engine::new(Variant::HappyHouse, &Weights::embedded().unwrap()));

fn aligned(detector: &dyn Detector, aligner: &FaceAligner, photo: &Photo) -> AlignedFace {
    let faces = detector.detect_with_landmarks(photo);
    assert_eq!(faces.len(), 1, "{faces:?}");
    aligner.align(photo, faces[0])
}

fn upright(photo: &Photo) -> AlignedFace {
    aligned(&detector(), &FaceAligner::embedded().unwrap(), photo)
}

fn encoding(face: &AlignedFace) -> Encoding {
    ENGINE.encode_one(face.pixels.view()).unwrap()
}

#[test]
fn all_eight_orientations_give_the_same_encoding() {
    let portrait = sample("collins-portrait.jpg");
    let expected = encoding(&upright(&portrait));
    for orientation in 1..=8 {
        let stored = stored(portrait.rgb(), orientation);
        for (format, most) in [(ImageFormat::Png, 1e-3), (ImageFormat::Jpeg, 0.05)] {
            let photo = decoded(&with_exif(&stored, format, exif(orientation))).unwrap();
            let off = encoding(&upright(&photo)).distance(&expected);
            assert!(off <= most, "{format:?}, orientation {orientation}: {off}");
        }
    }
}

/// The photo rotated about its middle by `degrees`, clockwise, on gray.
fn rotated(photo: &Photo, degrees: f64) -> Photo {
    let side = f64::from(photo.width()).hypot(f64::from(photo.height())).ceil();
    let middle = [photo.width(), photo.height()].map(|v| f64::from(v) / 2.0);
    let back = Similarity::new(1.0, -degrees.to_radians(), [side / 2.0; 2], middle);
    let image = RgbImage::from_fn(side as u32, side as u32, |x, y| {
        let [x, y] = back.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]).map(|v| v - 0.5);
        image::imageops::interpolate_bilinear(photo.rgb(), x as f32, y as f32)
            .unwrap_or(image::Rgb([128; 3]))
    });
    Photo::from_rgb(image)
}

#[test]
fn a_rolled_face_is_seen_as_the_upright_one() {
    let portrait = sample("obama-portrait.jpg");
    let straight = upright(&portrait);
    let expected = encoding(&straight);
    let aligner = FaceAligner::embedded().unwrap();
    for degrees in [-45.0, -30.0, -15.0, 15.0, 30.0, 45.0] {
        let photo = rotated(&portrait, degrees);
        let face = aligned(&detector(), &aligner, &photo);
        assert_eq!(face.method, CropMethod::Landmarks, "{degrees}°");
        let roll = f64::from(face.quality.roll - straight.quality.roll);
        assert!((roll - degrees).abs() < 5.0, "{degrees}° seen as {roll}°");
        let off = encoding(&face).distance(&expected);
        assert!(off < 0.4, "{degrees}°: {off}");
    }
}

#[test]
fn faces_on_their_side_are_found_if_asked_for() {
    let portrait = sample("biden-portrait.jpg");
    let expected = encoding(&upright(&portrait));
    let aligner = FaceAligner::embedded().unwrap().with_rotations(true);
    for degrees in [-90.0, 75.0, 180.0] {
        let photo = rotated(&portrait, degrees);
        let detector = RotatedDetector { inner: detector(), rotations: &ALL_ROTATIONS };
        let face = aligned(&detector, &aligner, &photo);
        assert_eq!(face.method, CropMethod::Landmarks, "{degrees}°");
        let off = encoding(&face).distance(&expected);
        assert!(off < 0.5, "{degrees}°: {off}");
    }
}

/// Points lie left and right as they are seen, so a mirrored face is aligned as well.
#[test]
fn a_mirrored_face_has_mirrored_landmarks() {
    let portrait = sample("obama-speech.jpg");
    let mirrored = Photo::from_rgb(image::imageops::flip_horizontal(portrait.rgb()));
    let (face, other) = (upright(&portrait), upright(&mirrored));
    let width = portrait.width() as f32;
    for (i, [x, y]) in [1, 0, 2, 4, 3].into_iter().zip(other.landmarks) {
        let [there_x, there_y] = face.landmarks[i];
        let off = (width - x - there_x).hypot(y - there_y);
        assert!(off < 0.05 * face.quality.size, "point {i} is off by {off} pixels");
    }
    assert!(encoding(&face).distance(&encoding(&other)) < 0.4);
}

#[test]
fn boxes_of_no_face_have_a_low_confidence() {
    let aligner = FaceAligner::embedded().unwrap();
    let mut dice = super::made::Dice(7);
    let noise =
        RgbImage::from_fn(200, 200, |_, _| image::Rgb([(); 3].map(|()| dice.roll(256) as u8)));
    let plain = |value| RgbImage::from_pixel(200, 200, image::Rgb([value; 3]));
    let stripes =
        RgbImage::from_fn(200, 200, |x, y| image::Rgb([255 * ((x / 9 + y / 14) % 2) as u8; 3]));
    for (name, image) in
        [("noise", noise), ("black", plain(0)), ("white", plain(255)), ("stripes", stripes)]
    {
        let place = faces::FaceBox { x: 40.0, y: 40.0, width: 120.0, height: 120.0, score: 9.0 };
        let face = aligner.align(&Photo::from_rgb(image), place);
        assert!(face.quality.confidence < 0.3, "{name}: {}", face.quality.confidence);
        assert_eq!(face.method, CropMethod::Box, "{name}");
    }
}
