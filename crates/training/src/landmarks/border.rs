//! Images of the pack with another border.
//!
//! The images of a pack end shortly beyond the face, and all end at the same place
//! about it, so the border would give away where the face is. It is therefore cut off
//! by a random width, and what lies beyond is filled in one of three ways.

use facenet::network::VIEW_SIZE;
use faces::Landmarks;
use image::{Rgb, RgbImage};
use tensor::Random;

/// Values of one view.
pub(super) const VIEW: usize = 3 * VIEW_SIZE * VIEW_SIZE;

/// Furthest that an image's border is cut off, in pixels.
const CUT: usize = 10;
/// Pixels laid round an image.
const FRAME: u32 = 24;

/// The image with its border cut off and something laid round it.
pub(super) fn framed(
    image: &RgbImage,
    landmarks: &Landmarks,
    random: &mut Random,
) -> (RgbImage, Landmarks) {
    let (width, height) = image.dimensions();
    let mut cut = || random.below(CUT + 1) as u32;
    let [left, top, right, bottom] = [cut(), cut(), cut(), cut()];
    let way = random.uniform();
    let color = [(); 3].map(|()| random.below(256) as u8);
    // Half the images are mirrored beyond their border, which shows least; others are
    // repeated there, or end in a color.
    let columns = source_rows(width, [left, right], way < 0.5);
    let rows = source_rows(height, [top, bottom], way < 0.5);
    let mut made = RgbImage::from_pixel(width + 2 * FRAME, height + 2 * FRAME, Rgb(color));
    let samples = image.as_raw();
    for (row, place) in made.chunks_exact_mut(3 * columns.len()).zip(&rows) {
        for (pixel, column) in row.chunks_exact_mut(3).zip(&columns) {
            if way <= 0.8 || (place.is_inside && column.is_inside) {
                let at = 3 * (place.source * width as usize + column.source);
                pixel.copy_from_slice(&samples[at..at + 3]);
            }
        }
    }
    (made, landmarks.map(|point| point.map(|v| v + FRAME as f32)))
}

/// Where a row or column of the framed image comes from.
struct SourceRow {
    source: usize,
    is_inside: bool,
}

/// The source rows, or columns, along one axis, `cut` pixels taken away at its ends.
fn source_rows(length: u32, cut: [u32; 2], mirror: bool) -> Vec<SourceRow> {
    let (first, last) = (i64::from(cut[0]), i64::from(length - 1 - cut[1]));
    let from_frame = |at: u32| i64::from(at) - i64::from(FRAME);
    let place = |at: i64| {
        let inside = at.clamp(first, last);
        // As far within as it lies beyond.
        let reflected = (2 * inside - at).clamp(first, last);
        let source = if mirror { reflected } else { inside };
        SourceRow { source: source as usize, is_inside: at == inside }
    };
    (0..length + 2 * FRAME).map(from_frame).map(place).collect()
}
