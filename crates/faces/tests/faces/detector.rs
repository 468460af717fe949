//! Faces found, refused and chosen, on the sample photos.

use faces::{Detector, FaceBox, FaceChoice, FaceError, NetworkOptions, Photo, choose, crop_face};
use image::imageops::{FilterType, replace, resize};
use image::{Rgb, RgbImage};

use super::made::{Dice, detector, sample};

const SAMPLES: [&str; 4] =
    ["obama-portrait.jpg", "obama-speech.jpg", "biden-portrait.jpg", "collins-portrait.jpg"];

fn faces(photo: &Photo) -> Vec<FaceBox> {
    detector().detect(photo)
}

/// Where the middle of the face is in each sample photo, read off by eye, and
/// how tall the face is from the eyebrows to the chin.
const PLACES: [(f32, f32, f32); 4] =
    [(290.0, 250.0, 190.0), (240.0, 330.0, 200.0), (320.0, 290.0, 190.0), (155.0, 115.0, 85.0)];

#[test]
fn each_sample_photo_has_one_face_where_it_is() {
    for (name, (x, y, height)) in SAMPLES.into_iter().zip(PLACES) {
        let photo = sample(name);
        let face = choose(&faces(&photo), &photo, FaceChoice::Only).unwrap()[0];
        let (found_x, found_y) = face.middle();
        let off = (found_x - x).hypot(found_y - y);
        assert!(off < 0.35 * height, "{name}: {face:?}");
        assert!(face.height > 0.8 * height && face.height < 2.0 * height, "{name}: {face:?}");
        assert_eq!(crop_face(&photo, &face).dim(), (3, 96, 96));
    }
}

#[test]
fn size_of_the_photo_and_mirroring_move_the_crop_but_little() {
    let photo = sample("obama-portrait.jpg");
    let (width, height) = (photo.width(), photo.height());
    let face = faces(&photo)[0];
    for percent in [20, 50, 170, 300] {
        let [w, h] = [width, height].map(|side| side * percent / 100);
        let scaled = Photo::from_rgb(resize(photo.rgb(), w, h, FilterType::Triangle));
        let found = faces(&scaled);
        assert_eq!(found.len(), 1, "{percent} %");
        let scale = percent as f32 / 100.0;
        let off = (found[0].x / scale - face.x).hypot(found[0].y / scale - face.y);
        assert!(off < 0.1 * face.width, "{percent} %: {:?} for {face:?}", found[0]);
        let size = found[0].width / scale / face.width;
        assert!((0.9..1.1).contains(&size), "{percent} %: {size}");
    }
    let mirrored = Photo::from_rgb(image::imageops::flip_horizontal(photo.rgb()));
    let found = faces(&mirrored)[0];
    let back = width as f32 - found.x - found.width;
    assert!((back - face.x).abs() < 0.06 * face.width, "{back} for {}", face.x);
}

#[test]
fn nobody_is_seen_in_black_white_stripes_and_noise() {
    let mut dice = Dice(99);
    let mut noise = |grain: u32| {
        let mut cells = vec![[0; 3]; 480 * 360];
        cells.iter_mut().for_each(|c| *c = [(); 3].map(|()| dice.roll(256) as u8));
        RgbImage::from_fn(480, 360, |x, y| Rgb(cells[(y / grain * 480 + x / grain) as usize]))
    };
    let plain = |value: u8| RgbImage::from_pixel(480, 360, Rgb([value; 3]));
    let images = [
        plain(0),
        plain(255),
        plain(128),
        noise(1),
        noise(3),
        noise(16),
        RgbImage::from_fn(480, 360, |x, y| Rgb([255 * ((x / 12 + y / 12) % 2) as u8; 3])),
        RgbImage::from_fn(480, 360, |x, y| Rgb([(x / 2) as u8, (y / 2) as u8, 128])),
    ];
    for (i, image) in images.into_iter().enumerate() {
        let photo = Photo::from_rgb(image);
        let found = faces(&photo);
        assert!(found.is_empty(), "image {i}: {found:?}");
        let error = choose(&found, &photo, FaceChoice::Largest).expect_err("nobody");
        assert_eq!(error, FaceError::NoFace { width: 480, height: 360 });
    }
}

#[test]
fn images_too_small_for_a_face_have_none() {
    let portrait = sample("collins-portrait.jpg");
    for (width, height) in [(1, 1), (1, 60_000), (60_000, 1), (9, 9), (39, 2), (12_000, 8)] {
        let photo = Photo::from_rgb(resize(portrait.rgb(), width, height, FilterType::Nearest));
        assert_eq!(faces(&photo), [], "{width} × {height}");
    }
}

/// Sample photos side by side, each as tall as its share says.
fn montage(parts: &[(&str, u32)]) -> Photo {
    let mut image = RgbImage::from_pixel(360 * parts.len() as u32, 360, Rgb([90; 3]));
    for (i, (name, height)) in parts.iter().enumerate() {
        let photo = sample(name);
        let width = photo.width() * height / photo.height();
        let part = resize(photo.rgb(), width.min(360), *height, FilterType::Triangle);
        replace(&mut image, &part, 360 * i as i64, 0);
    }
    Photo::from_rgb(image)
}

#[test]
fn two_and_five_faces_are_refused_with_count_and_boxes() {
    let two = montage(&[(SAMPLES[3], 200), (SAMPLES[0], 360)]);
    let found = faces(&two);
    let error = choose(&found, &two, FaceChoice::Only).expect_err("two faces");
    let FaceError::SeveralFaces { count: 2, boxes } = &error else { panic!("{error}") };
    // The larger one, to the right, comes first.
    assert!(boxes[0].x > 360.0 && boxes[1].x < 360.0, "{boxes:?}");
    let message = error.to_string();
    assert!(message.contains("found 2: [0] ") && message.contains(", [1] "), "{message}");

    let pick = |choice| choose(&found, &two, choice).unwrap();
    assert_eq!(pick(FaceChoice::Largest), boxes[..1]);
    assert_eq!(pick(FaceChoice::Index(1)), boxes[1..]);
    assert_eq!(pick(FaceChoice::All), *boxes);
    let missing = choose(&found, &two, FaceChoice::Index(2)).expect_err("no third");
    assert!(matches!(missing, FaceError::NoSuchFace { index: 2, count: 2, .. }), "{missing}");

    let names = [SAMPLES[0], SAMPLES[1], SAMPLES[2], SAMPLES[3], SAMPLES[0]];
    let five = montage(&names.map(|name| (name, 340)));
    let error = choose(&faces(&five), &five, FaceChoice::Only).expect_err("five faces");
    assert!(matches!(error, FaceError::SeveralFaces { count: 5, .. }), "{error}");
    let central = choose(&faces(&five), &five, FaceChoice::Central).unwrap()[0];
    assert!((720.0..1080.0).contains(&central.middle().0), "{central:?}");
}

#[test]
fn the_same_photo_gives_the_same_boxes_on_any_number_of_threads() {
    let photo = montage(&[(SAMPLES[1], 360), (SAMPLES[2], 300)]);
    let detector = detector();
    let first = detector.detect(&photo);
    assert_eq!(first.len(), 2);
    assert_eq!(detector.detect(&photo), first);
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| faces(&photo)), first, "{threads} threads");
    }
}

#[test]
fn a_higher_score_finds_fewer_and_a_larger_smallest_face_only_large_ones() {
    let photo = montage(&[(SAMPLES[3], 170), (SAMPLES[0], 360)]);
    let count = |options| detector().with_options(options).unwrap().detect(&photo).len();
    let default = NetworkOptions::default();
    let sides: Vec<_> = faces(&photo).iter().map(|face| face.area().sqrt()).collect();
    let &[large, small] = &sides[..] else { panic!("{sides:?}") };
    let smallest_face = (large + small) / 2.0 / photo.height() as f32;
    assert_eq!(count(NetworkOptions { smallest_face, ..default }), 1);
    assert_eq!(count(NetworkOptions { score: 0.9999, ..default }), 0);
}
