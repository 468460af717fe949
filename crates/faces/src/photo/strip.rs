//! A photo's file without what it says beside the image: where and when it was taken, with
//! which camera, earlier versions, thumbnails, sound.
//!
//! A JPEG keeps its compressed data bit by bit, so it decodes to the same pixels; only the
//! orientation is written again. Every other format is written as PNG, upright and without
//! loss.

use std::io::{self, Cursor};

use image::ImageFormat;
use image::codecs::jpeg::JpegDecoder;
use image::metadata::Orientation;

use super::jpeg::{END, START_OF_SCAN, Segment, scan_length, segment_at};
use super::{DecodeLimits, Photo, PhotoError, format, orientation};

const MARKER: u8 = 0xff;
const START: u8 = 0xd8;
const COMMENT: u8 = 0xfe;

impl Photo {
    /// The same image in a file that holds nothing else: no place, time or camera, no
    /// comment, no second image. A JPEG stays a JPEG with the same pixels; other formats
    /// become PNG. `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Photo::from_bytes`].
    pub fn without_metadata(
        bytes: &[u8],
        name: &str,
        limits: &DecodeLimits,
    ) -> Result<Vec<u8>, PhotoError> {
        if format::of(bytes) == Some(ImageFormat::Jpeg)
            && let Ok(mut decoder) = JpegDecoder::new(Cursor::new(bytes))
            && let Some(bare) =
                bare_jpeg(bytes, orientation::of(&mut decoder, bytes, ImageFormat::Jpeg))
        {
            return Ok(bare);
        }
        let photo = Self::from_bytes(bytes, name, limits)?;
        let mut png = Cursor::new(Vec::new());
        match photo.rgb.write_to(&mut png, ImageFormat::Png) {
            Ok(()) => Ok(png.into_inner()),
            Err(error) => {
                let source = io::Error::other(error);
                Err(PhotoError::Unreadable { file: name.to_owned(), source })
            }
        }
    }
}

/// The segments that say how to decode the image, up to its end; nothing if they cannot be
/// followed. (JPEG: ITU-T T.81, annex B.)
fn bare_jpeg(bytes: &[u8], orientation: Orientation) -> Option<Vec<u8>> {
    let mut at = bytes.starts_with(&[MARKER, START]).then_some(2)?;
    let mut bare = vec![MARKER, START];
    if orientation != Orientation::NoTransforms {
        bare.extend(exif_segment(orientation));
    }
    loop {
        let Segment { kind, start, content, end } = segment_at(bytes, at)?;
        at = end;
        match (kind, content) {
            (END, _) => {
                bare.extend([MARKER, END]);
                return Some(bare);
            }
            (0, _) | (_, None) => return None,
            (_, Some(content)) if is_needed(kind, content) => bare.extend(&bytes[start..end]),
            _ => {}
        }
        if kind == START_OF_SCAN {
            let data = &bytes[at..];
            let Some(length) = scan_length(data) else {
                // A file that was cut stays cut at the same place.
                bare.extend(data);
                return Some(bare);
            };
            bare.extend(&data[..length]);
            at += length;
        }
    }
}

/// Whether a decoder needs the segment: all but comments and applications' own, of which it
/// needs the header (without thumbnail), the color profile and the color space.
fn is_needed(marker: u8, data: &[u8]) -> bool {
    match marker {
        0xe0 => data.starts_with(b"JFIF\0") && data.len() == 14,
        0xe2 => data.starts_with(b"ICC_PROFILE\0"),
        0xee => data.starts_with(b"Adobe"),
        0xe1..=0xef | COMMENT => false,
        _ => true,
    }
}

/// EXIF data that holds the orientation and nothing else.
fn exif_segment(orientation: Orientation) -> Vec<u8> {
    let mut data = b"Exif\0\0MM\0\x2a\0\0\0\x08".to_vec();
    // One entry: tag 274, of type 3 (a short), one value, and no further directory.
    data.extend([0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation.to_exif(), 0, 0, 0, 0, 0, 0]);
    let length = (data.len() + 2) as u16;
    [&[MARKER, 0xe1], &length.to_be_bytes()[..], &data].concat()
}

#[cfg(test)]
mod tests {
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, ImageEncoder, Rgb, RgbImage};

    use super::*;

    fn image() -> RgbImage {
        RgbImage::from_fn(40, 24, |x, y| Rgb([(x * 6) as u8, (y * 10) as u8, ((x ^ y) * 4) as u8]))
    }

    fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
        let length = (data.len() as u16 + 2).to_be_bytes();
        [&[MARKER, marker], &length[..], data].concat()
    }

    /// A JPEG with everything that phones and programs put into one.
    fn talkative(orientation: u8) -> Vec<u8> {
        let mut jpeg = Vec::new();
        let encoder = JpegEncoder::new_with_quality(&mut jpeg, 90);
        encoder.write_image(&image(), 40, 24, ExtendedColorType::Rgb8).unwrap();
        let orientation = Orientation::from_exif(orientation).unwrap();
        let mut exif = exif_segment(orientation);
        // After the directory, where a place would be.
        exif.extend(b"GPS-SECRET");
        let length = (exif.len() - 2) as u16;
        exif[2..4].copy_from_slice(&length.to_be_bytes());
        let mut all = jpeg[..2].to_vec();
        all.extend(exif);
        all.extend(segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0XMP-SECRET"));
        all.extend(segment(0xe2, b"MPF\0SECRET"));
        all.extend(segment(0xed, b"Photoshop 3.0\0IPTC-SECRET"));
        all.extend(segment(COMMENT, b"COMMENT-SECRET"));
        all.extend(&jpeg[2..]);
        all.extend(b"ftypmp42 VIDEO-SECRET");
        all
    }

    #[test]
    fn a_jpeg_keeps_its_pixels_and_loses_everything_else() {
        let limits = DecodeLimits::default();
        for orientation in 1..=8 {
            let before = talkative(orientation);
            let after = Photo::without_metadata(&before, "x", &limits).unwrap();
            let [old, new] =
                [&before, &after].map(|bytes| Photo::from_bytes(bytes, "x", &limits).unwrap().rgb);
            assert_eq!(old, new, "orientation {orientation}");
            assert_eq!(old.width() == 24, orientation > 4);
            assert!(!after.windows(6).any(|window| window == b"SECRET"), "{orientation}");
            // Nothing is left to remove.
            assert_eq!(Photo::without_metadata(&after, "x", &limits).unwrap(), after);
        }
    }

    #[test]
    fn other_formats_become_png_without_loss() {
        let limits = DecodeLimits::default();
        for format in [ImageFormat::Png, ImageFormat::Bmp, ImageFormat::WebP, ImageFormat::Tiff] {
            let mut file = Cursor::new(Vec::new());
            image().write_to(&mut file, format).unwrap();
            let after = Photo::without_metadata(file.get_ref(), "x", &limits).unwrap();
            assert_eq!(image::guess_format(&after).unwrap(), ImageFormat::Png);
            assert_eq!(Photo::from_bytes(&after, "x", &limits).unwrap().rgb, image());
        }
    }

    #[test]
    fn a_cut_jpeg_is_read_as_before_and_rubbish_is_an_error() {
        let limits = DecodeLimits::default();
        let whole = talkative(1);
        let end = whole.windows(2).rposition(|pair| pair == [MARKER, END]).unwrap();
        let after = Photo::without_metadata(&whole[..end], "x", &limits).unwrap();
        let [old, new] = [&whole[..end], &after[..]]
            .map(|bytes| Photo::from_bytes(bytes, "x", &limits).unwrap().rgb);
        assert_eq!(old, new);
        for bytes in [&b""[..], b"text", &whole[..30]] {
            Photo::without_metadata(bytes, "x", &limits).unwrap_err();
        }
    }

    #[test]
    fn no_bytes_make_the_walk_panic() {
        let whole = talkative(6);
        for cut in 0..whole.len() {
            bare_jpeg(&whole[..cut], Orientation::NoTransforms);
            let mut changed = whole.clone();
            changed[cut] ^= 0xff;
            bare_jpeg(&changed, Orientation::Rotate90);
        }
    }
}
