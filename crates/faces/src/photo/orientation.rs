//! Turning an image upright.
//!
//! Cameras store what the sensor saw and note in the EXIF data which way was
//! up: one of eight orientations, all turns by 90° with and without mirroring.
//! EXIF travels in JPEG, PNG (`eXIf`, or text), WebP (`EXIF`) and as TIFF's own tag 274.
//! Where there is none, XMP may note the same. Data that is missing, broken or out of range
//! counts as upright.

use image::metadata::Orientation;
use image::{ImageDecoder, ImageFormat, RgbImage};
use rayon::prelude::*;

use super::metadata::{Metadata, orientation_in_xmp, without_prefix};
use crate::Window;

/// Side of the squares in which pixels are moved: 64 pixels of three bytes are three
/// whole lines of a cache.
const TILE: usize = 64;

/// The orientation that the file notes.
pub(super) fn of(
    decoder: &mut impl ImageDecoder,
    bytes: &[u8],
    format: ImageFormat,
) -> Orientation {
    if format == ImageFormat::Tiff {
        return decoder.orientation().unwrap_or(Orientation::NoTransforms);
    }
    let in_exif = |exif: &Vec<u8>| Orientation::from_exif_chunk(without_prefix(exif));
    let in_xmp = |xmp: &Vec<u8>| Orientation::from_exif(orientation_in_xmp(xmp)?);
    let noted = if format == ImageFormat::Png {
        let Metadata { exif, xmp } = Metadata::of_png(bytes);
        exif.as_ref().and_then(in_exif).or_else(|| xmp.as_ref().and_then(in_xmp))
    } else {
        let exif = decoder.exif_metadata().ok().flatten();
        let mut xmp = || decoder.xmp_metadata().ok().flatten();
        exif.as_ref().and_then(in_exif).or_else(|| xmp().as_ref().and_then(in_xmp))
    };
    noted.unwrap_or(Orientation::NoTransforms)
}

/// Where the rows of a stored image from this one on are once it is upright; nothing if there
/// are none.
pub(super) fn band(image: &RgbImage, rows: u32, orientation: Orientation) -> Option<Window> {
    let [width, height] = [image.width(), image.height()].map(f64::from);
    let (from, count) = (f64::from(rows), height - f64::from(rows));
    let below = Window { x: 0.0, y: from, width, height: count };
    let beside = Window { x: from, y: 0.0, width: count, height: width };
    let window = match orientation {
        Orientation::NoTransforms | Orientation::FlipHorizontal => below,
        Orientation::FlipVertical | Orientation::Rotate180 => Window { y: 0.0, ..below },
        Orientation::Rotate90FlipH | Orientation::Rotate270 => beside,
        Orientation::Rotate90 | Orientation::Rotate270FlipH => Window { x: 0.0, ..beside },
    };
    (count > 0.0).then_some(window)
}

/// The image rotated and mirrored so that up is up.
pub(super) fn upright(image: RgbImage, orientation: Orientation) -> RgbImage {
    // Of a pixel of the upright image: whether the stored one's column is found by
    // the row, and whether column and row are counted from the end.
    let (swaps_sides, right, down) = match orientation {
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
    let [width, height] = if swaps_sides { [h, w] } else { [w, h] };
    let mut upright = RgbImage::new(width as u32, height as u32);
    if w == 0 || h == 0 {
        return upright;
    }
    // The stored pixel of the first one, and from there to those beside and below.
    let (column, line) = (if right { w - 1 } else { 0 }, if down { h - 1 } else { 0 });
    let along = [(1, right), (w as isize, down)].map(|(by, back)| if back { -by } else { by });
    let [beside, below] = if swaps_sides { [along[1], along[0]] } else { along };
    let first = (line * w + column) as isize;
    let (stored, (pixels, _)) = (image.as_chunks::<3>().0, upright.as_chunks_mut::<3>());
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
    upright
}
