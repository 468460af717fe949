//! The part of a photo about a face, no larger than the network can see.
//!
//! A face is looked at a dozen times. In a photo of 12 megapixels each look would average
//! millions of pixels, so they are averaged once.

use std::borrow::Cow;

use image::RgbImage;

use crate::network::VIEW_SIZE;
use crate::photo::resample::{Axis, plane};
use crate::photo::{FaceBox, Photo, Similarity, Window, face_window};

/// Side of the region in sides of the view: room for a view that is turned and shifted.
const ROOM: f64 = 1.8;
/// Pixels of the region to a pixel of the view framed by the box: as many as a view a
/// quarter smaller, turned, can tell apart.
const DETAIL: f64 = 2.0;

/// A piece of a photo.
pub(super) struct Region<'p> {
    pub(super) picture: Cow<'p, Photo>,
    /// From its pixels to the photo's.
    pub(super) to_photo: Similarity,
}

impl<'p> Region<'p> {
    /// That about a box; where the face is small, in the photo's own pixels.
    pub(super) fn about(photo: &'p Photo, face: &FaceBox) -> Self {
        let framed = face_window(face);
        let (x, y) = (framed.x + framed.width / 2.0, framed.y + framed.height / 2.0);
        let pixel = framed.width / (DETAIL * VIEW_SIZE as f64);
        if pixel <= 1.0 {
            let whole = Similarity::new(1.0, 0.0, [0.0; 2], [0.0; 2]);
            return Self { picture: Cow::Borrowed(photo), to_photo: whole };
        }
        let side = (ROOM * DETAIL * VIEW_SIZE as f64).round();
        let corner = [x, y].map(|middle| middle - pixel * side / 2.0);
        let [x, y] = corner;
        let window = Window { x, y, width: pixel * side, height: pixel * side };
        let to_photo = Similarity::new(pixel, 0.0, [0.0; 2], corner);
        Self { picture: Cow::Owned(reduced(photo, window, side as usize)), to_photo }
    }
}

/// A square window of the photo in `side` × `side` pixels.
fn reduced(photo: &Photo, window: Window, side: usize) -> Photo {
    let columns = Axis::new(window.x, window.width, side, photo.width() as usize);
    let rows = Axis::new(window.y, window.height, side, photo.height() as usize);
    let samples = photo.rgb().as_raw();
    let stride = 3 * photo.width() as usize;
    let mut picture = RgbImage::new(side as u32, side as u32);
    for channel in 0..3 {
        let values = plane(&columns, &rows, |y, from, to, row| {
            let pixels = samples[y * stride..][3 * from..3 * to].chunks_exact(3);
            for (value, pixel) in row.iter_mut().zip(pixels) {
                *value = f32::from(pixel[channel]);
            }
        });
        for (pixel, value) in picture.pixels_mut().zip(values) {
            pixel.0[channel] = (value + 0.5) as u8;
        }
    }
    Photo::from_rgb(picture)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_large_photo_is_found_in_its_region() {
        // Brighter to the right by one in eight pixels, redder downwards.
        let photo = Photo::from_rgb(RgbImage::from_fn(2000, 2000, |x, y| {
            image::Rgb([(y / 8) as u8, (x / 8) as u8, 9])
        }));
        let face = FaceBox { x: 600.0, y: 500.0, width: 800.0, height: 800.0, score: 9.0 };
        let region = Region::about(&photo, &face);
        assert_eq!(region.picture.width(), 230);
        for place in [[700.0, 600.0], [1000.0, 1200.0]] {
            let [x, y] = region.to_photo.inverse().apply(place);
            let [red, green, _] = region.picture.rgb().get_pixel(x as u32, y as u32).0;
            assert!((f64::from(green) - place[0] / 8.0).abs() < 1.5, "{green} at {place:?}");
            assert!((f64::from(red) - place[1] / 8.0).abs() < 1.5, "{red} at {place:?}");
        }
        let small = FaceBox { x: 60.0, y: 50.0, width: 80.0, height: 80.0, score: 9.0 };
        assert_eq!(Region::about(&photo, &small).picture.width(), 2000);
    }
}
