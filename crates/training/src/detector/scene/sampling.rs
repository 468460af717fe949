//! Sampling a picture along a similarity transform, fast.
//!
//! `faces::resample` is exact to the filter's variance, and most of a training's time would go
//! by in it. Here a picture is halved, by means of 2 × 2 pixels, until a pixel of the scene
//! spans at most 1.5 of its own, and looked at once, bilinearly. Scenes are blurred by chance
//! anyway.

use std::borrow::Cow;

use faces::Similarity;
use image::RgbImage;

/// Pixels that a look may span.
const SPAN: f64 = 1.5;

/// A picture, perhaps made smaller, and the way from a scene's pixels to it.
pub(super) struct Sampler<'p> {
    rgb: Cow<'p, RgbImage>,
    /// Pixels of the smaller picture to one of the picture.
    share: f32,
    /// Changes of place a column and a row, and the place of column and row 0.
    column: [f32; 2],
    row: [f32; 2],
    start: [f32; 2],
}

impl<'p> Sampler<'p> {
    /// Of a picture that is seen through `map`, from the scene to the picture.
    pub(super) fn new(rgb: &'p RgbImage, map: &Similarity) -> Self {
        let (mut rgb, mut shrink) = (Cow::Borrowed(rgb), 1.0);
        while map.scale() / shrink > SPAN && rgb.width() > 1 && rgb.height() > 1 {
            rgb = Cow::Owned(halved(&rgb));
            shrink *= 2.0;
        }
        let at = |x: f64, y: f64| map.apply([x, y]);
        let (start, right, down) = (at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0));
        let step = |to: [f64; 2]| [0, 1].map(|axis| (to[axis] - start[axis]) as f32);
        Self {
            rgb,
            share: (1.0 / shrink) as f32,
            column: step(right),
            row: step(down),
            start: start.map(|v| v as f32),
        }
    }

    /// The place in the picture of one in the scene.
    pub(super) fn place(&self, x: f32, y: f32) -> [f32; 2] {
        [0, 1].map(|axis| self.start[axis] + x * self.column[axis] + y * self.row[axis])
    }

    /// The color in 0..1 at a place in the picture; beyond it its border is repeated.
    pub(super) fn color(&self, place: [f32; 2]) -> [f32; 3] {
        let along = |place: f32, length: u32| {
            let last = length as usize - 1;
            // Unlike `clamp`, `max` makes 0 of NaN.
            let v = (place * self.share - 0.5).max(0.0).min(last as f32);
            let first = v as usize;
            (first, (first + 1).min(last), v - first as f32)
        };
        let (left, right, across) = along(place[0], self.rgb.width());
        let (upper, lower, down) = along(place[1], self.rgb.height());
        let (samples, width) = (self.rgb.as_raw(), self.rgb.width() as usize);
        let pixel = |x: usize, y: usize| {
            let at = 3 * (y * width + x);
            [samples[at], samples[at + 1], samples[at + 2]].map(f32::from)
        };
        let [a, b, c, d] =
            [pixel(left, upper), pixel(right, upper), pixel(left, lower), pixel(right, lower)];
        std::array::from_fn(|i| {
            let (above, below) = (a[i] + (b[i] - a[i]) * across, c[i] + (d[i] - c[i]) * across);
            (above + (below - above) * down) / 255.0
        })
    }
}

/// Means of 2 × 2 pixels; a last odd column or row is left out.
fn halved(rgb: &RgbImage) -> RgbImage {
    let (width, height) = (rgb.width() as usize / 2, rgb.height() as usize / 2);
    let stride = 3 * rgb.width() as usize;
    let mut made = Vec::with_capacity(3 * width * height);
    for rows in rgb.as_raw().chunks_exact(2 * stride) {
        let (upper, lower) = rows.split_at(stride);
        for (a, b) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for c in 0..3 {
                let sum: u16 = [a[c], a[c + 3], b[c], b[c + 3]].map(u16::from).iter().sum();
                made.push(((sum + 2) / 4) as u8);
            }
        }
    }
    match RgbImage::from_raw(width as u32, height as u32, made) {
        Some(image) => image,
        None => unreachable!("{width} × {height} pixels were pushed"),
    }
}

#[cfg(test)]
mod tests {
    use faces::resample::warp_image;
    use image::Rgb;

    use super::*;

    /// A smooth image without symmetry.
    fn hills(side: u32) -> RgbImage {
        let wave = |v: u32, period: f64| 127.0 + 120.0 * (f64::from(v) / period).sin();
        RgbImage::from_fn(side, side, |x, y| {
            Rgb([wave(x, 19.0), wave(y, 24.0), wave(x + 2 * y, 43.0)].map(|v| v as u8))
        })
    }

    #[test]
    fn it_agrees_with_the_exact_way() {
        let image = hills(301);
        for (scale, turn) in [(0.4, 0.0), (1.0, 0.5), (1.4, -0.2), (2.6, 0.9), (5.0, 3.0)] {
            let map = Similarity::new(scale, turn, [16.0; 2], [140.0, 150.0]);
            let exact = warp_image(&image, &map, 32);
            let sampler = Sampler::new(&image, &map);
            for place in 0..32 * 32 {
                let (x, y) = ((place % 32) as f32 + 0.5, (place / 32) as f32 + 0.5);
                for (channel, found) in sampler.color(sampler.place(x, y)).into_iter().enumerate() {
                    let expected = exact[channel * 1024 + place];
                    assert!((found - expected).abs() < 0.05, "{scale}, {turn}: {found}");
                }
            }
        }
    }

    #[test]
    fn places_beyond_reason_give_colors() {
        for side in [1, 2, 3] {
            let image = hills(side);
            for map in [
                Similarity::new(1e9, 0.3, [8.0; 2], [0.0; 2]),
                Similarity::new(1.0, 0.3, [0.0; 2], [1e12, -1e12]),
                Similarity::new(f64::NAN, 0.3, [0.0; 2], [0.0; 2]),
            ] {
                let sampler = Sampler::new(&image, &map);
                let color = sampler.color(sampler.place(3.5, 4.5));
                assert!(color.iter().all(|v| (0.0..=1.0).contains(v)), "{side}: {color:?}");
            }
        }
    }
}
