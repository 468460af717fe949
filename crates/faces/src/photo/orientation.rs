//! Turning an image upright.
//!
//! Cameras store what the sensor saw and note in the EXIF data which way was
//! up: one of eight orientations, all turns by 90° with and without mirroring.
//! EXIF travels in JPEG, PNG (`eXIf`), WebP (`EXIF`) and as TIFF's own tag 274.
//! Data that is missing, broken or out of range counts as upright.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat, RgbImage};
use rayon::prelude::*;

/// How JPEG prefixes EXIF data; some writers of PNG and WebP copy it along.
const PREFIX: &[u8] = b"Exif\0\0";
/// Side of the squares in which pixels are moved: 64 pixels of three bytes are three
/// whole lines of a cache.
const TILE: usize = 64;

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

/// The image turned so that up is up.
pub(super) fn upright(image: RgbImage, orientation: Orientation) -> RgbImage {
    // Of a pixel of the upright image: whether the stored one's column is found by
    // the row, and whether column and row are counted from the end.
    let (is_turned, right, down) = match orientation {
        Orientation::NoTransforms => return image,
        Orientation::FlipHorizontal => (false, true, false),
        Orientation::FlipVertical => (false, false, true),
        Orientation::Rotate180 => (false, true, true),
        Orientation::Rotate90 => (true, false, true),
        Orientation::Rotate270 => (true, true, false),
        Orientation::Rotate90FlipH => (true, false, false),
        Orientation::Rotate270FlipH => (true, true, true),
    };
    let [w, h] = [image.width(), image.height()].map(|side| side as usize);
    let [width, height] = if is_turned { [h, w] } else { [w, h] };
    let mut turned = RgbImage::new(width as u32, height as u32);
    if w == 0 || h == 0 {
        return turned;
    }
    // The stored pixel of the first one, and from there to those beside and below.
    let (column, line) = (if right { w - 1 } else { 0 }, if down { h - 1 } else { 0 });
    let along = [(1, right), (w as isize, down)].map(|(by, back)| if back { -by } else { by });
    let [beside, below] = if is_turned { [along[1], along[0]] } else { along };
    let first = (line * w + column) as isize;
    let (stored, (pixels, _)) = (image.as_chunks::<3>().0, turned.as_chunks_mut::<3>());
    // Tile by tile, so that of both images all is used that a cache takes in.
    pixels.par_chunks_mut(TILE * width).enumerate().for_each(|(band, rows)| {
        let first = first + (TILE * band) as isize * below;
        for x in (0..width).step_by(TILE) {
            for (y, row) in rows.chunks_exact_mut(width).enumerate() {
                let mut place = first + y as isize * below + x as isize * beside;
                for pixel in row[x..].iter_mut().take(TILE) {
                    *pixel = stored[place as usize];
                    place += beside;
                }
            }
        }
    });
    turned
}
