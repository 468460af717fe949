//! Scenes as images for people to look at.

use std::path::Path;
use std::sync::Arc;

use image::{Rgb, RgbImage};

use super::pictures::Pictures;
use super::scene::{Composer, Scene};
use crate::Error;
use crate::random::{self, Purpose};

/// Columns of a sheet.
const COLUMNS: usize = 4;
/// Boxes of faces that are learned, and of those that are left out.
const COLORS: [[u8; 3]; 2] = [[0, 255, 0], [255, 0, 0]];
/// Landmarks, in their order.
const POINTS: [[u8; 3]; 5] =
    [[255, 0, 0], [0, 0, 255], [255, 255, 0], [255, 0, 255], [0, 255, 255]];

/// Writes the first scenes of a training as one PNG file, with boxes and landmarks. They have
/// `side` pixels in width and height.
///
/// # Errors
/// When there is no face to train on, a picture cannot be read, or the file not written.
pub fn draw_scenes(
    pictures: &Arc<Pictures>,
    side: usize,
    seed: u64,
    count: usize,
    file: &Path,
) -> Result<(), Error> {
    pictures.check()?;
    let composer = Composer::new(Arc::clone(pictures), side, false);
    let rows = count.div_ceil(COLUMNS);
    let mut sheet = RgbImage::new((COLUMNS * side) as u32, (rows * side) as u32);
    for place in 0..count {
        let mut random = random::at(seed, Purpose::Scene, [0, place as u64]);
        let scene = composer.scene(&mut random).map_err(|failed| Error::NothingReadable {
            images: 1,
            name: failed.name,
            reason: failed.reason,
        })?;
        let corner = [(place % COLUMNS * side) as i64, (place / COLUMNS * side) as i64];
        image::imageops::replace(&mut sheet, &drawn(&scene), corner[0], corner[1]);
    }
    let fault = |source: image::ImageError| Error::Write {
        path: file.to_path_buf(),
        source: std::io::Error::other(source),
    };
    sheet.save(file).map_err(fault)
}

/// A scene with its faces.
fn drawn(scene: &Scene) -> RgbImage {
    let side = scene.side;
    let mut image = RgbImage::from_fn(side as u32, side as u32, |x, y| {
        let at = y as usize * side + x as usize;
        Rgb([0, 1, 2].map(|c| (255.0 * scene.planes[c * side * side + at]) as u8))
    });
    let mut dot = |x: f32, y: f32, color: [u8; 3]| {
        if (0.0..side as f32).contains(&x) && (0.0..side as f32).contains(&y) {
            image.put_pixel(x as u32, y as u32, Rgb(color));
        }
    };
    for face in &scene.faces {
        let [left, top, right, bottom] = face.known.sides;
        let color = COLORS[usize::from(!face.is_sure)];
        let steps = (right - left).max(bottom - top).ceil().max(1.0);
        for step in 0..=steps as usize {
            let share = step as f32 / steps;
            let [x, y] = [left + share * (right - left), top + share * (bottom - top)];
            for [x, y] in [[x, top], [x, bottom], [left, y], [right, y]] {
                dot(x, y, color);
            }
        }
        for ([x, y], color) in face.known.landmarks.into_iter().zip(POINTS) {
            for [right, down] in [[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]] {
                dot(x + right, y + down, color);
            }
        }
    }
    image
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detector::synthetic;

    #[test]
    fn a_sheet_has_room_for_all_scenes() {
        let folder = tempfile::tempdir().unwrap();
        synthetic::write_pack(folder.path(), 10, 3);
        let pictures = Arc::new(Pictures::open(&[folder.path().to_path_buf()]).unwrap());
        let file = folder.path().join("scenes.png");
        draw_scenes(&pictures, 64, 1, 6, &file).unwrap();
        let sheet = image::open(&file).unwrap().into_rgb8();
        assert_eq!(sheet.dimensions(), (256, 128));
        let green = sheet.pixels().filter(|pixel| pixel.0 == COLORS[0]).count();
        assert!(green > 50, "{green} pixels of boxes");
    }
}
