//! The gray image that the classifiers are given, and smaller copies of it.
//!
//! Scaled so that the smallest face asked for is as large as their window, and framed in
//! black: a face cut by the photo's border is found as one that is cut by black. Copies are
//! made as those that the classifiers were trained on.

use crate::resample::{Axis, plane};
use crate::{FaceBox, Photo, Window};

/// Side of the window that the classifiers look through.
pub(super) const WINDOW: usize = 40;
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

/// A gray image made from a photo, in which faces are searched.
#[derive(Debug)]
pub(super) struct SearchImage {
    pub(super) gray: Gray,
    /// Where the photo begins, from the left and from the top.
    margin: f32,
    /// Pixels of this image a photo pixel, across and down.
    scale: (f32, f32),
}

impl SearchImage {
    /// The image in which to look for faces from `smallest_face` of the
    /// photo's shorter side, or nothing if no face has room in it.
    pub(super) fn of(photo: &Photo, smallest_face: f32) -> Option<SearchImage> {
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
        let gray = gray(photo, whole, w, h);
        let (full_w, full_h) = (w + 2 * margin, h + 2 * margin);
        let mut pixels = vec![0; full_w * full_h];
        for (row, gray) in pixels.chunks_exact_mut(full_w).skip(margin).zip(gray.chunks_exact(w)) {
            row[margin..margin + w].copy_from_slice(gray);
        }
        Some(SearchImage {
            gray: Gray { pixels, width: full_w, height: full_h },
            margin: margin as f32,
            scale: ((w as f64 / width) as f32, (h as f64 / height) as f32),
        })
    }

    /// A square window of the photo as an image of `side` pixels, without
    /// margin, mirrored.
    pub(super) fn mirrored(photo: &Photo, window: Window, side: usize) -> SearchImage {
        let mut pixels = gray(photo, window, side, side);
        pixels.chunks_exact_mut(side).for_each(<[u8]>::reverse);
        let scale = (side as f64 / window.width) as f32;
        SearchImage {
            gray: Gray { pixels, width: side, height: side },
            margin: 0.0,
            scale: (scale, scale),
        }
    }

    /// A box of this image as one of the photo.
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
fn gray(photo: &Photo, window: Window, width: usize, height: usize) -> Vec<u8> {
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
    let gray = plane(&columns, &rows, |y, from, to, row| {
        let pixels = samples[y * stride..][3 * from..3 * to].as_chunks::<3>().0;
        for (value, pixel) in row.iter_mut().zip(pixels) {
            let [r, g, b] = pixel.map(f32::from);
            *value = 0.299 * r + 0.587 * g + 0.114 * b;
        }
    });
    gray.into_iter().map(|v| (v + 0.5) as u8).collect()
}

/// A gray image.
#[derive(Clone, Debug)]
pub(super) struct Gray {
    pub(super) pixels: Vec<u8>,
    pub(super) width: usize,
    pub(super) height: usize,
}

/// A square of an image; it may reach beyond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Square {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) side: i32,
}

impl Gray {
    /// Width and height of a copy.
    pub(super) fn sides_at(&self, scale: f32) -> [usize; 2] {
        [self.width, self.height].map(|side| (side as f32 * scale) as usize)
    }

    /// A copy of another size. Each pixel is a bilinear tap at the place of its *corner*,
    /// without averaging: not the best way, but the one the classifiers know.
    pub(super) fn resized(&self, width: usize, height: usize) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let (columns, rows) = (taps(self.width, width), taps(self.height, height));
        let mut pixels = Vec::with_capacity(width * height);
        for row in rows {
            let line = |y: usize| &self.pixels[y * self.width..][..self.width];
            let (upper, lower) = (line(row.first), line(row.first + 1));
            pixels.extend(columns.iter().map(|column| {
                let x = column.first;
                let across = |line: &[u8]| mix(line[x].into(), line[x + 1].into(), column.share);
                mix(across(upper), across(lower), row.share) as u8
            }));
        }
        Self { pixels, width, height }
    }

    /// A square of the image as `side` × `side` pixels, black beyond the image.
    pub(super) fn cut(&self, square: &Square, side: usize) -> Self {
        let whole = square.side as usize;
        let places = if whole == side {
            (0..side).map(|first| Tap { first, share: 0.0 }).collect()
        } else {
            taps(whole, side)
        };
        let mut pixels = Vec::with_capacity(side * side);
        for row in &places {
            let y = square.y + row.first as i32;
            let lines = [self.line(y), self.line(y + 1)];
            pixels.extend(places.iter().map(|column| {
                let x = square.x + column.first as i32;
                let [upper, lower] =
                    lines.map(|line| mix(value(line, x), value(line, x + 1), column.share));
                mix(upper, lower, row.share) as u8
            }));
        }
        Self { pixels, width: side, height: side }
    }

    /// A row; empty beyond the image.
    fn line(&self, y: i32) -> &[u8] {
        match usize::try_from(y) {
            Ok(y) if y < self.height => &self.pixels[y * self.width..][..self.width],
            _ => &[],
        }
    }
}

/// A pixel of a row; black beyond it.
fn value(line: &[u8], x: i32) -> f32 {
    usize::try_from(x).ok().and_then(|x| line.get(x)).map_or(0.0, |&v| f32::from(v))
}

fn mix(a: f32, b: f32, share: f32) -> f32 {
    a + (b - a) * share
}

/// Two neighbors and the second one's share.
struct Tap {
    first: usize,
    share: f32,
}

/// The taps along an axis of `from` pixels, two or more, for `to`.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let tap = |i: usize| {
        let place = scale * i as f64;
        let first = (place as usize).min(from - 2);
        Tap { first, share: (place - first as f64) as f32 }
    };
    (0..to).map(tap).collect()
}

#[cfg(test)]
mod tests {
    use image::RgbImage;

    use super::*;

    fn search_image(width: u32, height: u32, smallest_face: f32) -> Option<SearchImage> {
        SearchImage::of(&Photo::from_rgb(RgbImage::new(width, height)), smallest_face)
    }

    #[test]
    fn sizes_stay_within_bounds_for_photos_of_every_shape() {
        let sides = [0, 1, 9, 10, 39, 40, 41, 250, 3000, 60_000];
        for width in sides {
            for height in
                sides.into_iter().filter(|&h| u64::from(h) * u64::from(width) < 20_000_000)
            {
                for smallest_face in [f32::MIN_POSITIVE, 0.1, 1.0] {
                    let Some(made) = search_image(width, height, smallest_face) else { continue };
                    let Gray { pixels, width: w, height: h } = made.gray;
                    assert!(w > WINDOW && h > WINDOW, "{width} × {height}");
                    assert_eq!(pixels.len(), w * h);
                    let margins = 1.25 * 1.25 * 1.1;
                    assert!(w as f64 * (h as f64) < margins * MOST_PIXELS, "{width} × {height}");
                }
            }
        }
    }

    #[test]
    fn photos_without_room_for_a_face_make_no_image() {
        for (width, height) in [(0, 0), (1, 1), (1, 60_000), (60_000, 1), (9, 9), (9, 400)] {
            assert!(search_image(width, height, 0.1).is_none(), "{width} × {height}");
        }
        assert!(search_image(10, 10, 0.1).is_some());
    }

    #[test]
    fn boxes_come_back_to_the_photo() {
        // 800 pixels at a tenth: 40 of 80 is a half, with a margin of 50.
        let made = search_image(800, 1600, 0.1).expect("room");
        assert_eq!((made.gray.width, made.gray.height), (500, 900));
        let found = FaceBox { x: 150.0, y: 250.0, width: 60.0, height: 60.0, score: 9.0 };
        let photo = FaceBox { x: 200.0, y: 400.0, width: 120.0, height: 120.0, score: 9.0 };
        assert_eq!(made.to_photo(&found), photo);
    }

    #[test]
    fn squares_beyond_the_image_are_black_there() {
        let image = Gray { pixels: vec![100; 30 * 20], width: 30, height: 20 };
        for (square, expected) in [
            (Square { x: 0, y: 0, side: 10 }, [100; 4]),
            (Square { x: -5, y: -5, side: 10 }, [0, 0, 0, 100]),
            (Square { x: 25, y: 15, side: 10 }, [100, 0, 0, 0]),
            (Square { x: 300, y: -900, side: 10 }, [0; 4]),
        ] {
            let cut = image.cut(&square, 10).pixels;
            assert_eq!([cut[0], cut[9], cut[90], cut[99]], expected, "{square:?}");
            let enlarged = image.cut(&square, 40).pixels;
            assert_eq!(enlarged.len(), 1600);
        }
    }

    #[test]
    fn halving_takes_every_other_pixel() {
        let pixels: Vec<u8> = (0..100).collect();
        let image = Gray { pixels, width: 10, height: 10 };
        assert_eq!(image.resized(5, 5).pixels[..7], [0, 2, 4, 6, 8, 20, 22]);
        assert_eq!(image.resized(10, 10).pixels, image.pixels);
    }
}
