//! The grey picture that the classifiers are given.
//!
//! Scaled so that the smallest face asked for is as large as its window, and
//! framed in black: a face cut by the photo's border is found as one that is cut
//! by black.

use super::WINDOW;
use super::grey::Grey;
use crate::resample::{Axis, plane};
use crate::{FaceBox, Photo, Window};

/// Small photos are enlarged until their shorter side has so many pixels, so
/// that faces of half of it are four times the detector's window in area ...
const SMALL: f64 = 160.0;
/// ... but not more than this: there is no detail to be gained.
const MOST_ENLARGED: f64 = 4.0;
/// A long photo is reduced until it has no more pixels than this, so that a search takes
/// a second at most.
const MOST_PIXELS: f64 = 1_500_000.0;
/// The margin, as a share of the shorter side.
const MARGIN: f64 = 0.125;

/// A grey picture made from a photo.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) grey: Grey,
    /// Where the photo begins, from the left and from the top.
    margin: f32,
    /// Working pixels a photo pixel, across and down.
    scale: (f32, f32),
}

impl Working {
    /// The picture in which to look for faces from `smallest_face` of the
    /// photo's shorter side, or nothing if no face has room in it.
    pub(super) fn of(photo: &Photo, smallest_face: f32) -> Option<Working> {
        let (width, height) = (f64::from(photo.width()), f64::from(photo.height()));
        let window = WINDOW as f64;
        let shorter = width.min(height);
        let enlarged = (SMALL / shorter).clamp(1.0, MOST_ENLARGED);
        let wanted = (window / f64::from(smallest_face) / shorter).min(enlarged);
        let scale = wanted.min((MOST_PIXELS / (width * height)).sqrt());
        // Also false where a side is 0 and the scale infinite.
        let has_room = shorter * scale >= window && scale.is_finite();
        if !has_room {
            return None;
        }
        let [w, h] = [width, height].map(|side| (side * scale).round() as usize);
        let margin = (MARGIN * w.min(h) as f64).round() as usize;
        let whole = Window { x: 0.0, y: 0.0, width, height };
        let grey = grey(photo, whole, w, h);
        let (full_w, full_h) = (w + 2 * margin, h + 2 * margin);
        let mut pixels = vec![0; full_w * full_h];
        for (row, grey) in pixels.chunks_exact_mut(full_w).skip(margin).zip(grey.chunks_exact(w)) {
            row[margin..margin + w].copy_from_slice(grey);
        }
        Some(Working {
            grey: Grey { pixels, width: full_w, height: full_h },
            margin: margin as f32,
            scale: ((w as f64 / width) as f32, (h as f64 / height) as f32),
        })
    }

    /// A square window of the photo as a picture of `side` pixels, without
    /// margin, mirrored.
    pub(super) fn mirrored(photo: &Photo, window: Window, side: usize) -> Working {
        let mut pixels = grey(photo, window, side, side);
        pixels.chunks_exact_mut(side).for_each(<[u8]>::reverse);
        let scale = (side as f64 / window.width) as f32;
        Working {
            grey: Grey { pixels, width: side, height: side },
            margin: 0.0,
            scale: (scale, scale),
        }
    }

    /// A box of this picture as one of the photo.
    pub(super) fn to_photo(&self, found: &FaceBox) -> FaceBox {
        let (across, down) = self.scale;
        FaceBox {
            x: (found.x - self.margin) / across,
            y: (found.y - self.margin) / down,
            width: found.width / across,
            height: found.height / down,
            score: found.score,
        }
    }
}

/// The brightness (BT.601) of a window of the photo, as `width`×`height` pixels.
fn grey(photo: &Photo, window: Window, width: usize, height: usize) -> Vec<u8> {
    let Window { x, y, width: across, height: down } = window;
    let level = photo.level((across / width as f64).min(down / height as f64));
    let axis = |from: f64, length: f64, count: usize, source: u32| {
        let [from, length] = [from, length].map(|v| v / level.factor);
        Axis::of_level(from, length, count, source as usize, level.blur)
    };
    let columns = axis(x, across, width, level.rgb.width());
    let rows = axis(y, down, height, level.rgb.height());
    let samples = level.rgb.as_raw();
    let stride = 3 * level.rgb.width() as usize;
    let grey = plane(&columns, &rows, |y, from, to, row| {
        let pixels = samples[y * stride..][3 * from..3 * to].as_chunks::<3>().0;
        for (value, pixel) in row.iter_mut().zip(pixels) {
            let [r, g, b] = pixel.map(f32::from);
            *value = 0.299 * r + 0.587 * g + 0.114 * b;
        }
    });
    grey.into_iter().map(|v| (v + 0.5) as u8).collect()
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn working(width: u32, height: u32, smallest_face: f32) -> Option<Working> {
        Working::of(&Photo::from_rgb(RgbImage::new(width, height)), smallest_face)
    }

    #[test]
    fn sizes_stay_within_bounds_for_photos_of_every_shape() {
        let sides = [0, 1, 9, 10, 39, 40, 41, 250, 3000, 60_000];
        for width in sides {
            for height in
                sides.into_iter().filter(|&h| u64::from(h) * u64::from(width) < 20_000_000)
            {
                for smallest_face in [f32::MIN_POSITIVE, 0.1, 1.0] {
                    let Some(made) = working(width, height, smallest_face) else { continue };
                    let Grey { pixels, width: w, height: h } = made.grey;
                    assert!(w > WINDOW && h > WINDOW, "{width} × {height}");
                    assert_eq!(pixels.len(), w * h);
                    let margins = 1.25 * 1.25 * 1.1;
                    assert!(w as f64 * (h as f64) < margins * MOST_PIXELS, "{width} × {height}");
                }
            }
        }
    }

    #[test]
    fn photos_without_room_for_a_face_make_no_picture() {
        for (width, height) in [(0, 0), (1, 1), (1, 60_000), (60_000, 1), (9, 9), (9, 400)] {
            assert!(working(width, height, 0.1).is_none(), "{width} × {height}");
        }
        assert!(working(10, 10, 0.1).is_some());
    }

    #[test]
    fn boxes_come_back_to_the_photo() {
        // 800 pixels at a tenth: 40 of 80 is a half, with a margin of 50.
        let made = working(800, 1600, 0.1).expect("room");
        assert_eq!((made.grey.width, made.grey.height), (500, 900));
        let found = FaceBox { x: 150.0, y: 250.0, width: 60.0, height: 60.0, score: 9.0 };
        let photo = FaceBox { x: 200.0, y: 400.0, width: 120.0, height: 120.0, score: 9.0 };
        assert_eq!(made.to_photo(&found), photo);
    }
}
