//! Boxes, landmarks and numbers drawn into a copy of a photo.
//!
//! Everything is drawn twice, a dark rim under a bright line, so that it is visible on
//! any background. Line widths are proportional to the photo's size.

use faces::{AlignedFace, CropMethod, FaceBox, Photo};
use image::{Rgb, RgbImage};

const RIM: Rgb<u8> = Rgb([16, 24, 32]);
/// Colors of faces that are aligned by landmarks, and by the box only.
const LINE: [Rgb<u8>; 2] = [Rgb([64, 224, 96]), Rgb([255, 176, 32])];
/// Colors of the eyes, the nose and the corners of the mouth.
const LANDMARKS: [Rgb<u8>; 5] = [
    Rgb([80, 200, 255]),
    Rgb([80, 200, 255]),
    Rgb([255, 224, 64]),
    Rgb([255, 96, 160]),
    Rgb([255, 96, 160]),
];

/// The digits 0 to 9 in 3 × 5 cells, row by row.
const DIGITS: [&str; 10] = [
    "####.##.##.####",
    ".#.##..#..#.###",
    "###..#####..###",
    "###..####..####",
    "#.##.####..#..#",
    "####..###..####",
    "####..####.####",
    "###..#..#..#..#",
    "####.#####.####",
    "####.####..####",
];

/// A copy of the photo with its faces marked.
pub(super) fn draw(photo: &Photo, faces: &[AlignedFace]) -> RgbImage {
    let mut image = photo.rgb().clone();
    let shorter = image.width().min(image.height());
    let width = (shorter as f32 / 300.0).round().max(1.0);
    for (number, face) in faces.iter().enumerate() {
        let color = LINE[usize::from(face.method == CropMethod::Box)];
        let FaceBox { x, y, width: w, height: h, .. } = face.face_box;
        let sides = [x, y, x + w, y + h];
        frame(&mut image, sides, width * 2.0, RIM);
        frame(&mut image, sides, width, color);
        let radius = (face.quality.size / 45.0).max(1.5 * width);
        for (landmark, color) in face.landmarks.into_iter().zip(LANDMARKS) {
            disc(&mut image, landmark, radius + width, RIM);
            disc(&mut image, landmark, radius, color);
        }
        label(&mut image, number, [x, y], 2.0 * width, color);
    }
    image
}

/// Fills the part of a rectangle (left, top, right, bottom) that lies in the image.
fn fill(image: &mut RgbImage, [left, top, right, bottom]: [f32; 4], color: Rgb<u8>) {
    let within = |v: f32, most: u32| v.round().clamp(0.0, most as f32) as u32;
    let (width, height) = image.dimensions();
    for y in within(top, height)..within(bottom, height) {
        for x in within(left, width)..within(right, width) {
            image.put_pixel(x, y, color);
        }
    }
}

/// Draws the four edges of a rectangle as lines of this width.
fn frame(image: &mut RgbImage, sides: [f32; 4], width: f32, color: Rgb<u8>) {
    let [left, top, right, bottom] = sides;
    let w = width / 2.0;
    for side in [
        [left - w, top - w, right + w, top + w],
        [left - w, bottom - w, right + w, bottom + w],
        [left - w, top - w, left + w, bottom + w],
        [right - w, top - w, right + w, bottom + w],
    ] {
        fill(image, side, color);
    }
}

/// Draws a disc with a smooth edge.
fn disc(image: &mut RgbImage, [x, y]: [f32; 2], radius: f32, color: Rgb<u8>) {
    let (width, height) = image.dimensions();
    let reach = radius + 1.0;
    let from = |middle: f32| (middle - reach).max(0.0) as u32;
    let to = |middle: f32, most: u32| (middle + reach).clamp(0.0, most as f32) as u32;
    for row in from(y)..to(y, height) {
        for column in from(x)..to(x, width) {
            let off = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
            let share = (radius + 0.5 - off).clamp(0.0, 1.0);
            let pixel = image.get_pixel_mut(column, row);
            for (value, color) in pixel.0.iter_mut().zip(color.0) {
                let (old, new) = (f32::from(*value), f32::from(color));
                *value = (old + (new - old) * share).round() as u8;
            }
        }
    }
}

/// Draws the face's number, as `--face` takes it, in the upper left corner of its box.
fn label(image: &mut RgbImage, number: usize, [x, y]: [f32; 2], cell: f32, color: Rgb<u8>) {
    let digits: Vec<usize> =
        number.to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
    let (width, height) = ((4 * digits.len() + 1) as f32 * cell, 7.0 * cell);
    fill(image, [x, y, x + width, y + height], color);
    for (column, digit) in digits.into_iter().enumerate() {
        for (i, _) in DIGITS[digit].bytes().enumerate().filter(|(_, mark)| *mark == b'#') {
            let left = x + ((1 + 4 * column + i % 3) as f32) * cell;
            let top = y + ((1 + i / 3) as f32) * cell;
            fill(image, [left, top, left + cell, top + cell], RIM);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_outside_the_image_is_clipped() {
        let mut image = RgbImage::new(20, 10);
        frame(&mut image, [-5.0, -5.0, 30.0, 5.0], 2.0, LINE[0]);
        disc(&mut image, [-3.0, 50.0], 8.0, LINE[1]);
        disc(&mut image, [f32::NAN, 5.0], 8.0, LINE[1]);
        label(&mut image, 42, [15.0, 8.0], 2.0, LINE[0]);
        assert_eq!(*image.get_pixel(3, 4), LINE[0]);
        assert_eq!(*image.get_pixel(3, 0), Rgb([0; 3]));
    }
}
