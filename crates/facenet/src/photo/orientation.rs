//! Turning a picture upright.
//!
//! Cameras store what the sensor saw and note in the EXIF data which way was
//! up: one of eight orientations, all turns by 90° with and without mirroring.
//! EXIF travels in JPEG, PNG (`eXIf`), WebP (`EXIF`) and as TIFF's own tag 274.
//! Data that is missing, broken or out of range counts as upright.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat, RgbImage, imageops};

/// How JPEG prefixes EXIF data; some writers of PNG and WebP copy it along.
const PREFIX: &[u8] = b"Exif\0\0";

/// The orientation that the file notes.
pub(super) fn of(decoder: &mut impl ImageDecoder, format: ImageFormat) -> Orientation {
    let found = if format == ImageFormat::Tiff {
        decoder.orientation().ok()
    } else {
        decoder.exif_metadata().ok().flatten().and_then(|exif| {
            Orientation::from_exif_chunk(exif.strip_prefix(PREFIX).unwrap_or(&exif))
        })
    };
    found.unwrap_or(Orientation::NoTransforms)
}

/// The picture turned so that up is up.
pub(super) fn upright(mut image: RgbImage, orientation: Orientation) -> RgbImage {
    use imageops::{
        flip_horizontal_in_place, flip_vertical_in_place, rotate90, rotate180_in_place, rotate270,
    };
    match orientation {
        Orientation::NoTransforms => {}
        Orientation::FlipHorizontal => flip_horizontal_in_place(&mut image),
        Orientation::FlipVertical => flip_vertical_in_place(&mut image),
        Orientation::Rotate180 => rotate180_in_place(&mut image),
        Orientation::Rotate90 => image = rotate90(&image),
        Orientation::Rotate270 => image = rotate270(&image),
        Orientation::Rotate90FlipH => {
            image = rotate90(&image);
            flip_horizontal_in_place(&mut image);
        }
        Orientation::Rotate270FlipH => {
            image = rotate270(&image);
            flip_horizontal_in_place(&mut image);
        }
    }
    image
}
