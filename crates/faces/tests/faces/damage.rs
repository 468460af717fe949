//! Files cut short and files with a wrong byte.

use faces::{Photo, PhotoError};
use image::ImageFormat;

use super::made::{Dice, FORMATS, decoded, encoded, gradient, sample};

/// A small file of each format with the photo it holds.
fn files() -> Vec<(ImageFormat, Vec<u8>, Photo)> {
    let file = |format| {
        let bytes = encoded(gradient(24, 16), format);
        let photo = decoded(&bytes).unwrap();
        (format, bytes, photo)
    };
    FORMATS.into_iter().map(file).collect()
}

/// Checks what a cut file gave: all of the image, or its part above the missing one, which the
/// photo knows, or an error. So many rows at the end may be wrong without a word.
fn check_cut(cut: Result<Photo, PhotoError>, whole: &Photo, spared: u32, words: &str) {
    match cut {
        Ok(photo) => {
            let rows = photo.missing().map_or(whole.height() - spared, |part| part.y as u32);
            let samples = 3 * (rows * whole.width()) as usize;
            let [part, expected] = [&photo, whole].map(|photo| &photo.rgb().as_raw()[..samples]);
            assert!(part == expected, "{words}: of {rows} rows");
        }
        Err(PhotoError::Cut { .. } | PhotoError::Damaged { .. }) => {}
        // Shorter than what tells the format.
        Err(PhotoError::UnknownFormat { .. }) => {}
        Err(error) => panic!("{words}: {error}"),
    }
}

#[test]
fn a_cut_file_is_an_error_or_the_image_but_for_what_is_missing() {
    for (format, bytes, whole) in files() {
        for length in 1..bytes.len() {
            let cut = decoded(&bytes[..length]);
            if let Err(error) = &cut {
                let message = error.to_string();
                assert!(message.starts_with("test image: "), "{message}");
                assert!(!message.contains('\n'), "{message}");
            }
            check_cut(cut, &whole, 0, &format!("{format:?} cut at {length}"));
        }
        let half = decoded(&bytes[..bytes.len() / 2]);
        if format == ImageFormat::Jpeg {
            assert!(half.is_err() || half.unwrap().missing().is_some());
        } else {
            assert!(
                matches!(half, Err(PhotoError::Cut { .. } | PhotoError::Damaged { .. })),
                "{format:?}: {half:?}"
            );
        }
    }
}

/// The same of a photograph, which is too large to be cut everywhere; and cut with a marker
/// of its end, as by a program that gave up.
#[test]
fn a_photo_cut_at_a_thousand_places_is_never_taken_for_whole() {
    let portrait = sample("collins-portrait.jpg");
    let mut dice = Dice(0x5eed_0a1b);
    for (format, places) in [(ImageFormat::Jpeg, 250), (ImageFormat::Png, 60)] {
        let bytes = encoded(portrait.rgb().clone(), format);
        let whole = decoded(&bytes).unwrap();
        for _ in 0..places {
            let length = 1 + dice.roll(bytes.len() - 1);
            let cut = decoded(&bytes[..length]);
            check_cut(cut, &whole, 0, &format!("{format:?} cut at {length}"));
            if format == ImageFormat::Jpeg && length > 700 {
                let ended = [&bytes[..length], &[0xff, 0xd9]].concat();
                // A marker within the last row of blocks goes unnoticed.
                check_cut(decoded(&ended), &whole, 16, &format!("ended at {length}"));
            }
        }
    }
}

#[test]
fn a_jpeg_that_lacks_its_end_is_read_and_what_is_missing_is_known() {
    let bytes = encoded(gradient(64, 64), ImageFormat::Jpeg);
    let whole = decoded(&bytes).unwrap();
    assert_eq!((whole.missing(), whole.missing_share()), (None, 0.0));
    // Only the marker is missing.
    let unmarked = decoded(&bytes[..bytes.len() - 2]).unwrap();
    assert!(unmarked == whole && unmarked.missing().is_none());
    let half = &bytes[..bytes.len() - bytes.len() / 4];
    for cut in [half.to_vec(), [half, &[0xff, 0xd9]].concat()] {
        let photo = decoded(&cut).unwrap();
        let part = photo.missing().unwrap();
        assert!(part.y > 8.0 && part.y < 62.0 && part.y + part.height == 64.0, "{part:?}");
        assert!((photo.missing_share() - (part.height / 64.0) as f32).abs() < 1e-6);
        assert_eq!(photo.rgb().get_pixel(20, 63).0, [128; 3]);
    }
    // Cameras append their own data; that harms nobody.
    assert_eq!(decoded(&[&bytes[..], b"trailer"].concat()).unwrap(), whole);
    // A flat end is no missing one.
    let white = image::RgbImage::from_pixel(64, 64, image::Rgb([255; 3]));
    assert_eq!(decoded(&encoded(white, ImageFormat::Jpeg)).unwrap().missing(), None);
}

#[test]
fn a_progressive_jpeg_that_ends_in_its_first_scan_lacks_a_part() {
    let bytes = include_bytes!("fixtures/progressive.jpg");
    let whole = decoded(bytes).unwrap();
    assert_eq!((whole.width(), whole.height(), whole.missing()), (52, 44, None));
    let place = |from: usize, kind: u8| {
        from + bytes[from..].windows(2).position(|pair| pair == [0xff, kind]).unwrap()
    };
    // The scan of the means, up to the tables of the next one.
    let scan = place(0, 0xda);
    let next = place(scan, 0xc4);
    let photo = decoded(&bytes[..next - 8]).unwrap();
    let part = photo.missing().unwrap();
    assert!(part.y >= 14.0 && part.y + part.height == 44.0, "{part:?}");
    // The means of the whole image are a coarse image.
    assert!(!whole.is_coarse());
    let last = bytes.len() - 10;
    for end in [next, bytes.len() - bytes.len() / 3, last] {
        for cut in [bytes[..end].to_vec(), [&bytes[..end], &[0xff, 0xd9]].concat()] {
            let is_marked = cut.len() > end;
            let photo = decoded(&cut).unwrap();
            assert_eq!(photo.missing(), None, "cut at {end}");
            // Within the last scan, a marker of the end hides that details are missing.
            assert!(photo.is_coarse() || (is_marked && end == last), "cut at {end}");
        }
    }
    // Only the marker is missing, or it might be.
    assert!(decoded(&bytes[..bytes.len() - 2]).unwrap().is_coarse());
    // Another image behind it, as cameras append, changes nothing.
    assert!(!decoded(&[&bytes[..], &bytes[..next]].concat()).unwrap().is_coarse());
}

#[test]
fn the_missing_part_turns_with_the_photo() {
    let portrait = gradient(48, 96);
    for orientation in 1..=8 {
        let stored = super::orientation::stored(&portrait, orientation);
        let exif = super::orientation::exif(orientation);
        let bytes = super::orientation::with_exif(&stored, ImageFormat::Jpeg, exif);
        let photo = decoded(&bytes[..bytes.len() - bytes.len() / 4]).unwrap();
        let part = photo.missing().unwrap();
        let gray = |x: f64, y: f64| photo.rgb().get_pixel(x as u32, y as u32).0 == [128; 3];
        for (x, y) in [(0.0, 0.0), (0.99, 0.0), (0.0, 0.99), (0.99, 0.99)] {
            let (x, y) = (part.x + x * part.width, part.y + y * part.height);
            assert!(gray(x, y), "orientation {orientation}: {part:?}");
        }
        assert!(part.area() < 0.75 * 48.0 * 96.0, "{part:?}");
    }
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_photo() {
    let mut bytes = encoded(gradient(16, 16), ImageFormat::Jpeg);
    // An APP1 segment with a whole JPEG inside, as cameras write it.
    let mut segment = vec![0xff, 0xe1];
    segment.extend((bytes.len() as u16 + 2).to_be_bytes());
    segment.extend(&bytes);
    bytes.splice(2..2, segment);
    assert_eq!(decoded(&bytes).unwrap().missing(), None);
    let half = decoded(&bytes[..bytes.len() - 40]);
    assert!(half.is_err() || half.unwrap().missing().is_some());
}

#[test]
fn flipped_bytes_never_panic() {
    let mut dice = Dice(0x1234_5678_9abc_def1);
    for (format, bytes, _) in files() {
        let mut failed = 0;
        for _ in 0..300 {
            let mut damaged = bytes.clone();
            // Every other time in the header, where it matters most.
            let range = if dice.roll(2) == 0 { bytes.len().min(64) } else { bytes.len() };
            damaged[dice.roll(range)] ^= 1 + dice.roll(255) as u8;
            match decoded(&damaged) {
                Ok(photo) => assert!(photo.width() > 0 && photo.height() > 0),
                Err(PhotoError::Damaged { found, .. }) if found == "the decoder failed on it" => {
                    panic!("{format:?}: a decoder panicked");
                }
                Err(_) => failed += 1,
            }
        }
        assert!(failed > 10, "{format:?}: only {failed} of 300 noticed");
    }
}
