//! Files cut short and files with a wrong byte.

use faces::{Photo, PhotoError};
use image::ImageFormat;

use super::pictures::{Dice, FORMATS, decoded, encoded, gradient, sample};

/// A small file of each format with the photo it holds.
fn files() -> Vec<(ImageFormat, Vec<u8>, Photo)> {
    let file = |format| {
        let bytes = encoded(gradient(24, 16), format);
        let photo = decoded(&bytes).unwrap();
        (format, bytes, photo)
    };
    FORMATS.into_iter().map(file).collect()
}

#[test]
fn a_cut_file_is_an_error_or_still_the_whole_picture() {
    for (format, bytes, whole) in files() {
        for length in 1..bytes.len() {
            match decoded(&bytes[..length]) {
                // What is missing came after the pixels.
                Ok(photo) => assert_eq!(photo, whole, "{format:?} cut at {length}"),
                Err(error) => {
                    let message = error.to_string();
                    assert!(message.starts_with("\"test picture\": "), "{message}");
                    assert!(!message.contains('\n'), "{message}");
                }
            }
        }
        let half = decoded(&bytes[..bytes.len() / 2]).expect_err("half a file");
        assert!(
            matches!(half, PhotoError::Cut { .. } | PhotoError::Damaged { .. }),
            "{format:?}: {half:?}"
        );
    }
}

/// The same of a photograph, which is too large to be cut everywhere.
#[test]
fn a_photo_cut_at_a_thousand_places_is_never_taken_for_whole() {
    let portrait = sample("collins-portrait.jpg");
    let mut dice = Dice(0x5eed_0a1b);
    for (format, places) in [(ImageFormat::Jpeg, 1000), (ImageFormat::Png, 60)] {
        let bytes = encoded(portrait.rgb().clone(), format);
        let whole = decoded(&bytes).unwrap();
        for _ in 0..places {
            let length = 1 + dice.roll(bytes.len() - 1);
            match decoded(&bytes[..length]) {
                Ok(photo) => assert!(photo == whole, "{format:?} cut at {length}"),
                Err(PhotoError::Cut { .. } | PhotoError::Damaged { .. }) => {}
                // Shorter than what tells the format.
                Err(PhotoError::UnknownFormat { .. }) if length < 16 => {}
                Err(error) => panic!("{format:?} cut at {length}: {error}"),
            }
        }
    }
}

#[test]
fn a_jpeg_without_its_end_is_cut_even_where_the_decoder_would_fill_it_up() {
    let bytes = encoded(gradient(64, 64), ImageFormat::Jpeg);
    for missing in [1, 2, 3, bytes.len() / 8] {
        let error = decoded(&bytes[..bytes.len() - missing]).expect_err("cut");
        assert!(matches!(error, PhotoError::Cut { format: ImageFormat::Jpeg, .. }), "{error:?}");
    }
    // Cameras append their own data; that harms nobody.
    assert_eq!(decoded(&[&bytes[..], b"trailer"].concat()).unwrap(), decoded(&bytes).unwrap());
}

#[test]
fn the_end_of_a_thumbnail_is_not_the_end_of_the_photo() {
    let mut bytes = encoded(gradient(16, 16), ImageFormat::Jpeg);
    // An APP1 segment with a whole JPEG inside, as cameras write it.
    let mut segment = vec![0xff, 0xe1];
    segment.extend((bytes.len() as u16 + 2).to_be_bytes());
    segment.extend(&bytes);
    bytes.splice(2..2, segment);
    assert!(decoded(&bytes).is_ok());
    assert!(matches!(decoded(&bytes[..bytes.len() - 2]), Err(PhotoError::Cut { .. })));
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
