//! Boxes, points and numbers drawn into a copy of a photo.
//!
//! Everything is drawn twice, a dark rim under a bright line, so that it can be seen on
//! any ground; widths go with the photo's size.

use faces::{AlignedFace, CropMethod, Photo};
use image::{Rgb, RgbImage};

const RIM: Rgb<u8> = Rgb([16, 24, 32]);
/// Framed by its points, and by the box only.
const LINE: [Rgb<u8>; 2] = [Rgb([64, 224, 96]), Rgb([255, 176, 32])];
/// Eyes, nose, corners of the mouth.
const POINTS: [Rgb<u8>; 5] = [
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
    let mut picture = photo.rgb().clone();
    let shorter = picture.width().min(picture.height());
    let width = (shorter as f32 / 300.0).round().max(1.0);
    for (number, face) in faces.iter().enumerate() {
        let colour = LINE[usize::from(face.method == CropMethod::Box)];
        let place = &face.place;
        let sides = [place.x, place.y, place.x + place.width, place.y + place.height];
        frame(&mut picture, sides, width * 2.0, RIM);
        frame(&mut picture, sides, width, colour);
        let radius = (face.quality.size / 45.0).max(1.5 * width);
        for (point, colour) in face.landmarks.points.into_iter().zip(POINTS) {
            disc(&mut picture, point, radius + width, RIM);
            disc(&mut picture, point, radius, colour);
        }
        label(&mut picture, number, [place.x, place.y], 2.0 * width, colour);
    }
    picture
}

/// Paints every pixel of a rectangle, given by left, top, right, bottom, that lies in the
/// picture.
fn fill(picture: &mut RgbImage, [left, top, right, bottom]: [f32; 4], colour: Rgb<u8>) {
    let within = |v: f32, most: u32| v.round().clamp(0.0, most as f32) as u32;
    let (width, height) = picture.dimensions();
    for y in within(top, height)..within(bottom, height) {
        for x in within(left, width)..within(right, width) {
            picture.put_pixel(x, y, colour);
        }
    }
}

/// Four lines, `width` to either side of the edges.
fn frame(picture: &mut RgbImage, sides: [f32; 4], width: f32, colour: Rgb<u8>) {
    let [left, top, right, bottom] = sides;
    let w = width / 2.0;
    for side in [
        [left - w, top - w, right + w, top + w],
        [left - w, bottom - w, right + w, bottom + w],
        [left - w, top - w, left + w, bottom + w],
        [right - w, top - w, right + w, bottom + w],
    ] {
        fill(picture, side, colour);
    }
}

/// A disc with a smooth edge.
fn disc(picture: &mut RgbImage, [x, y]: [f32; 2], radius: f32, colour: Rgb<u8>) {
    let (width, height) = picture.dimensions();
    let reach = radius + 1.0;
    let from = |middle: f32| (middle - reach).max(0.0) as u32;
    let to = |middle: f32, most: u32| (middle + reach).clamp(0.0, most as f32) as u32;
    for row in from(y)..to(y, height) {
        for column in from(x)..to(x, width) {
            let off = (column as f32 + 0.5 - x).hypot(row as f32 + 0.5 - y);
            let share = (radius + 0.5 - off).clamp(0.0, 1.0);
            let pixel = picture.get_pixel_mut(column, row);
            for (value, colour) in pixel.0.iter_mut().zip(colour.0) {
                let (old, new) = (f32::from(*value), f32::from(colour));
                *value = (old + (new - old) * share).round() as u8;
            }
        }
    }
}

/// The face's number, as `--face` takes it, in the upper left corner of its box.
fn label(picture: &mut RgbImage, number: usize, [x, y]: [f32; 2], cell: f32, colour: Rgb<u8>) {
    let digits: Vec<usize> =
        number.to_string().bytes().map(|digit| usize::from(digit - b'0')).collect();
    let (width, height) = ((4 * digits.len() + 1) as f32 * cell, 7.0 * cell);
    fill(picture, [x, y, x + width, y + height], colour);
    for (place, digit) in digits.into_iter().enumerate() {
        for (i, _) in DIGITS[digit].bytes().enumerate().filter(|(_, mark)| *mark == b'#') {
            let left = x + ((1 + 4 * place + i % 3) as f32) * cell;
            let top = y + ((1 + i / 3) as f32) * cell;
            fill(picture, [left, top, left + cell, top + cell], RIM);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_outside_the_picture_is_left_out() {
        let mut picture = RgbImage::new(20, 10);
        frame(&mut picture, [-5.0, -5.0, 30.0, 5.0], 2.0, LINE[0]);
        disc(&mut picture, [-3.0, 50.0], 8.0, LINE[1]);
        disc(&mut picture, [f32::NAN, 5.0], 8.0, LINE[1]);
        label(&mut picture, 42, [15.0, 8.0], 2.0, LINE[0]);
        assert_eq!(*picture.get_pixel(3, 4), LINE[0]);
        assert_eq!(*picture.get_pixel(3, 0), Rgb([0; 3]));
    }
}
