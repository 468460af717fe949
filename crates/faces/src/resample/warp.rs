//! Sampling a photo along a similarity transform, without aliasing.
//!
//! Beside `axis.rs`, which is separable and so cannot turn, but keeps to its
//! rule of how much a pixel spans. With `scale` source pixels to an output pixel:
//! - up to √2, an output pixel is one bilinear tap at its middle;
//! - above, it is the mean of n × n such taps, a source pixel apart or less, spread so
//!   that the filter's variance along an axis, taps and bilinear tent together, is
//!   `scale² / 12`: that of the mean over the area that the pixel covers. The two rules
//!   meet without a jump;
//! - from 2√3, a `PyramidLevel` of the photo is looked at instead, and what its pixels were
//!   blurred by counts in the variance.
//!
//! Beyond the image its border pixels are repeated.

use std::f64::consts::SQRT_2;

use image::RgbImage;
use rayon::prelude::*;

use super::pyramid::PyramidLevel;
use crate::{Photo, Similarity};

/// Most taps along one axis; only images that cannot be halved any more want more.
const MOST_TAPS: usize = 8;
/// Rows that a thread takes at least.
const ROWS: usize = 16;

/// A square of a photo: red, green and blue planes of `side` × `side` values in 0..1. `map`
/// leads from output to photo, both in continuous coordinates: pixel i covers [i, i + 1).
///
/// # Panics
/// If the photo has no pixels.
pub fn warp(photo: &Photo, map: &Similarity, side: usize) -> Vec<f32> {
    warp_to(photo, map, [side; 2])
}

/// The same as a rectangle of `width` × `height` values.
fn warp_to(photo: &Photo, map: &Similarity, size: [usize; 2]) -> Vec<f32> {
    let level = photo.level(map.scale());
    sampled(&level, &level.map(map), size)
}

/// A rectangle of a photo as an image of bytes, along `map` as in [`warp()`].
///
/// # Panics
/// If the photo has no pixels.
pub fn warp_to_rgb(photo: &Photo, map: &Similarity, [w, h]: [usize; 2]) -> RgbImage {
    let planes = warp_to(photo, map, [w, h]);
    RgbImage::from_fn(w as u32, h as u32, |x, y| {
        let at = y as usize * w + x as usize;
        image::Rgb([0, 1, 2].map(|c| (255.0 * planes[c * w * h + at] + 0.5) as u8))
    })
}

/// [`warp_to_rgb`] with gray instead of the repeated border where the rectangle reaches beyond
/// the photo.
///
/// # Panics
/// If the photo has no pixels.
pub fn warp_on_gray(photo: &Photo, map: &Similarity, size: [usize; 2]) -> RgbImage {
    let [width, height] = [photo.width(), photo.height()].map(f64::from);
    let mut image = warp_to_rgb(photo, map, size);
    for (x, y, pixel) in image.enumerate_pixels_mut() {
        let [x, y] = map.apply([f64::from(x) + 0.5, f64::from(y) + 0.5]);
        if !(0.0..=width).contains(&x) || !(0.0..=height).contains(&y) {
            *pixel = image::Rgb([128; 3]);
        }
    }
    image
}

/// A square of an image, as [`warp()`] gives it of a photo, without a pyramid: for one reading of
/// a small image.
///
/// # Panics
/// If the image has no pixels.
pub fn warp_image(image: &RgbImage, map: &Similarity, side: usize) -> Vec<f32> {
    sampled(&PyramidLevel::whole(image), map, [side; 2])
}

fn sampled(level: &PyramidLevel<'_>, map: &Similarity, [width, height]: [usize; 2]) -> Vec<f32> {
    let image = level.rgb;
    let (w, h) = image.dimensions();
    assert!(w > 0 && h > 0, "an image of {w} × {h} pixels");
    let (taps, spread) = taps(map.scale(), level.blur);
    let places: Vec<f64> =
        (0..taps).map(|i| spread * ((i as f64 + 0.5) / taps as f64 - 0.5)).collect();
    let share = 1.0 / (255.0 * (taps * taps) as f32);
    let plane = width * height;
    let color = |row: usize, column: usize| {
        let mut sum = [0.0; 3];
        for down in &places {
            for right in &places {
                let at = [column as f64 + 0.5 + right, row as f64 + 0.5 + down];
                let color = bilinear(image, map.apply(at));
                sum.iter_mut().zip(color).for_each(|(sum, value)| *sum += value);
            }
        }
        sum.map(|sum| (sum * share).clamp(0.0, 1.0))
    };
    let mut colors = vec![[0.0; 3]; plane];
    colors.par_chunks_mut(width.max(1)).with_min_len(ROWS).enumerate().for_each(|(row, colors)| {
        for (column, value) in colors.iter_mut().enumerate() {
            *value = color(row, column);
        }
    });
    (0..3).flat_map(|channel| colors.iter().map(move |color| color[channel])).collect()
}

/// How many taps along an axis, and over how much of an output pixel.
fn taps(scale: f64, blur: f64) -> (usize, f64) {
    if scale.is_nan() || scale <= SQRT_2 {
        return (1, 0.0);
    }
    let taps = (scale.ceil() as usize).clamp(2, MOST_TAPS);
    // The tent of bilinear interpolation has a variance of 2/12, n taps over a width w
    // have w² (1 - 1/n²) / 12.
    let (n, before) = (taps as f64, (2.0 + blur) / (scale * scale));
    (taps, ((1.0 - before).max(0.0) / (1.0 - 1.0 / (n * n))).sqrt())
}

/// The color at a place, in 0..255.
fn bilinear(image: &RgbImage, [x, y]: [f64; 2]) -> [f32; 3] {
    let axis = |place: f64, length: u32| {
        // Unlike `clamp`, `max` makes 0 of NaN.
        let place = (place - 0.5).max(0.0).min(f64::from(length - 1));
        let first = place as usize;
        (first, (first + 1).min(length as usize - 1), (place - first as f64) as f32)
    };
    let ((left, right, across), (upper, lower, down)) =
        (axis(x, image.width()), axis(y, image.height()));
    let samples = image.as_raw();
    let pixel = |x: usize, y: usize| -> [f32; 3] {
        let at = 3 * (y * image.width() as usize + x);
        [samples[at], samples[at + 1], samples[at + 2]].map(f32::from)
    };
    let [a, b, c, d] =
        [pixel(left, upper), pixel(right, upper), pixel(left, lower), pixel(right, lower)];
    std::array::from_fn(|i| {
        let (above, below) = (a[i] + (b[i] - a[i]) * across, c[i] + (d[i] - c[i]) * across);
        above + (below - above) * down
    })
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;
    use crate::{Photo, Window, crop_window};

    /// An image without symmetry, smooth.
    fn hills(side: u32) -> RgbImage {
        let wave = |v: u32, period: f64| 127.0 + 120.0 * (f64::from(v) / period).sin();
        RgbImage::from_fn(side, side, |x, y| {
            Rgb([wave(x, 9.0), wave(y, 14.0), wave(x + 2 * y, 23.0)].map(|v| v as u8))
        })
    }

    #[test]
    fn without_a_turn_it_agrees_with_the_separable_way() {
        let photo = Photo::from_rgb(hills(400));
        // Below √2 both are bilinear; above, the filters are of equal width only.
        for (side, tolerance) in [(60.0, 1e-5), (130.0, 1e-5), (200.0, 0.02), (390.0, 0.02)] {
            let window = Window { x: 4.25, y: 3.5, width: side, height: side };
            let expected = crop_window(&photo, window);
            let map = Similarity::new(side / 96.0, 0.0, [0.0, 0.0], [4.25, 3.5]);
            let found = warp(&photo, &map, 96);
            let off = expected.iter().zip(&found).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < tolerance, "a window of {side}: {off}");
        }
    }

    #[test]
    fn a_quarter_turn_moves_pixels_without_changing_them() {
        let image = hills(96);
        let turned = image::imageops::rotate90(&image);
        let quarter = std::f64::consts::FRAC_PI_2;
        let back = warp_image(&turned, &Similarity::new(1.0, quarter, [48.0; 2], [48.0; 2]), 96);
        for (x, y, pixel) in image.enumerate_pixels() {
            for channel in 0..3 {
                let found = 255.0 * back[channel * 96 * 96 + (y * 96 + x) as usize];
                assert!((found - f32::from(pixel.0[channel])).abs() < 1e-3, "{x}, {y}: {found}");
            }
        }
    }

    #[test]
    fn a_level_is_seen_as_the_photo_itself() {
        let image = hills(1200);
        let photo = Photo::from_rgb(image.clone());
        for (scale, turn) in [(3.6, 0.0), (3.6, 0.6), (6.9, -0.3), (11.0, 0.2)] {
            let map = Similarity::new(scale, turn, [24.0; 2], [611.3, 597.1]);
            let (levels, whole) = (warp(&photo, &map, 48), warp_image(&image, &map, 48));
            let off = levels.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(off < 0.02, "{scale}, {turn}: {off}");
        }
    }

    #[test]
    fn fine_stripes_become_gray_at_any_turn() {
        let stripes = RgbImage::from_fn(600, 600, |x, _| Rgb([255 * (x % 2) as u8; 3]));
        let photo = Photo::from_rgb(stripes.clone());
        for turn in [0.0, 0.4, 0.785, 1.3] {
            let map = Similarity::new(6.0, turn, [24.0; 2], [300.0; 2]);
            for found in [warp(&photo, &map, 48), warp_image(&stripes, &map, 48)] {
                let off = found.iter().map(|v| (v - 0.5).abs()).fold(0.0, f32::max);
                assert!(off < 0.08, "turned by {turn}: {off}");
            }
        }
    }

    #[test]
    fn places_far_outside_and_scales_beyond_reason_give_colors() {
        let photo = Photo::from_rgb(hills(8));
        for map in [
            Similarity::new(1.0, 0.3, [0.0; 2], [1e12, -1e12]),
            Similarity::new(1e9, 0.3, [8.0; 2], [0.0; 2]),
            Similarity::new(f64::NAN, 0.3, [0.0; 2], [0.0; 2]),
        ] {
            assert!(warp(&photo, &map, 16).iter().all(|v| (0.0..=1.0).contains(v)), "{map:?}");
        }
    }
}
