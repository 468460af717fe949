//! Paint of covers: a color or two, a pattern, light and shade.

use std::f64::consts::PI;

use image::RgbImage;
use tensor::Random;

use super::cover::FacePoint;
use crate::random::between;

/// A color for each place of a face.
#[derive(Clone, Debug)]
pub(super) struct Paint<'i> {
    colors: [[f64; 3]; 2],
    pattern: Pattern<'i>,
    /// How much brighter it gets to the right and down.
    slope: [f64; 2],
    /// How much darker it gets toward its sides, as what is round does.
    round: f64,
    seed: u64,
}

#[derive(Clone, Copy, Debug)]
enum Pattern<'i> {
    /// The first color.
    Plain,
    /// Folds across: how many a unit, and how deep.
    Folds(f64, f64),
    /// Both colors in turn: the direction, and how many a unit.
    Stripes(f64, f64),
    /// Dots of the second: how many a unit.
    Dots(f64),
    /// Patches of both: how many a unit.
    Patches(f64),
    /// Threads and hairs in one direction, between both colors.
    Fibers(f64, f64),
    /// A piece of an image: its middle, the direction and pixels a unit.
    Image(&'i RgbImage, [f64; 2], f64, f64),
}

impl<'i> Paint<'i> {
    /// One color.
    pub(super) fn plain(color: [f64; 3]) -> Self {
        let (colors, pattern) = ([color; 2], Pattern::Plain);
        Self { colors, pattern, slope: [0.0; 2], round: 0.0, seed: 0 }
    }

    /// Cloth of any color and pattern.
    pub(super) fn cloth(random: &mut Random, other: &'i RgbImage) -> Self {
        let colors = [cloth_color(random), cloth_color(random)];
        let angle = between(random, 0.0, PI);
        let pattern = match random.below(20) {
            0..=6 => Pattern::Plain,
            7..=10 => Pattern::Folds(between(random, 2.0, 6.0), between(random, 0.02, 0.12)),
            11 | 12 => Pattern::Stripes(angle, between(random, 1.0, 6.0)),
            13 | 14 => Pattern::Dots(between(random, 1.5, 6.0)),
            15 | 16 => Pattern::Patches(between(random, 1.0, 6.0)),
            17 => Pattern::Fibers(angle, between(random, 3.0, 10.0)),
            _ => Pattern::image(random, other),
        };
        Self { colors, pattern, ..Self::lit(random, 0.25) }
    }

    /// Hair, wool or a beard.
    pub(super) fn fibers(random: &mut Random) -> Self {
        let dark = between(random, 0.02, 0.5);
        let tone = [1.0, between(random, 0.7, 1.0), between(random, 0.45, 1.0)];
        let color = |share: f64| tone.map(|tone| (share * dark * tone).min(1.0));
        let angle = PI / 2.0 + 0.5 * random.normal();
        let pattern = Pattern::Fibers(angle, between(random, 3.0, 9.0));
        Self { colors: [color(0.6), color(1.5)], pattern, ..Self::lit(random, 0.1) }
    }

    /// Something near to a color, as another part of the skin.
    pub(super) fn near(random: &mut Random, color: [f64; 3]) -> Self {
        let change = between(random, 0.7, 1.25);
        let color = color.map(|v| (v * change * between(random, 0.93, 1.07)).clamp(0.0, 1.0));
        Self { colors: [color; 2], pattern: Pattern::Plain, ..Self::lit(random, 0.3) }
    }

    /// Any object.
    pub(super) fn object(random: &mut Random, other: &'i RgbImage) -> Self {
        if random.uniform() < 0.5 {
            return Self::cloth(random, other);
        }
        Self { pattern: Pattern::image(random, other), ..Self::lit(random, 0.2) }
    }

    /// A dark or mirroring lens.
    pub(super) fn lens(random: &mut Random, other: &'i RgbImage) -> Self {
        let dark = between(random, 0.0, 0.22);
        let colors = [(); 2].map(|()| match random.below(3) {
            0 => [dark * 1.3, dark, dark * 0.6],
            1 => [(); 3].map(|()| between(random, 0.0, 0.6)),
            _ => [dark; 3],
        });
        let pattern = match random.below(10) {
            0..=6 => Pattern::Plain,
            7 => Pattern::Patches(between(random, 0.8, 3.0)),
            _ => Pattern::image(random, other),
        };
        Self { colors, pattern, ..Self::lit(random, 0.35) }
    }

    /// Light and shade without a color yet.
    fn lit(random: &mut Random, most: f64) -> Self {
        Self {
            slope: [(); 2].map(|()| between(random, -most, most)),
            round: between(random, 0.0, 0.3),
            seed: random.bits(),
            ..Self::plain([0.0; 3])
        }
    }

    /// Red, green and blue at a place, each from 0 to 1.
    pub(super) fn color(&self, place: FacePoint) -> [f32; 3] {
        let [x, y] = place;
        let mix = |share: f64| {
            [0, 1, 2].map(|c| self.colors[0][c] + share * (self.colors[1][c] - self.colors[0][c]))
        };
        let wave =
            |angle: f64, often: f64| (2.0 * PI * often * (x * angle.cos() + y * angle.sin())).sin();
        let color = match self.pattern {
            Pattern::Plain => mix(0.0),
            Pattern::Folds(often, deep) => {
                mix(0.0).map(|v| v * (1.0 - deep + deep * wave(PI / 2.0, often)))
            }
            Pattern::Stripes(angle, often) => mix(if wave(angle, often) > 0.0 { 1.0 } else { 0.0 }),
            Pattern::Dots(often) => {
                let off = [x, y].map(|v| (v * often).rem_euclid(1.0) - 0.5);
                mix(if off[0].hypot(off[1]) < 0.28 { 1.0 } else { 0.0 })
            }
            Pattern::Patches(often) => {
                let value = self.noise([x * often, y * often])
                    + 0.5 * self.noise([2.3 * x * often, 2.3 * y * often]);
                mix(if value > 0.75 { 1.0 } else { 0.0 })
            }
            Pattern::Fibers(angle, often) => {
                let along = x * angle.cos() + y * angle.sin();
                let across = y * angle.cos() - x * angle.sin();
                mix(self.noise([0.6 * often * along, 2.5 * often * across]))
            }
            Pattern::Image(image, middle, angle, pixels) => {
                let (sin, cos) = angle.sin_cos();
                let at = [
                    middle[0] + pixels * (cos * x - sin * y),
                    middle[1] + pixels * (sin * x + cos * y),
                ];
                let [column, row] = [(at[0], image.width()), (at[1], image.height())]
                    .map(|(v, side)| (v.abs() as u32).min(2 * side) % side);
                image.get_pixel(column, row).0.map(|v| f64::from(v) / 255.0)
            }
        };
        let light = 1.0 + self.slope[0] * x + self.slope[1] * (y - 1.0) - self.round * x * x;
        color.map(|v| (v * light).clamp(0.0, 1.0) as f32)
    }

    /// Smooth noise from 0 to 1, about a unit from hill to hill.
    fn noise(&self, [x, y]: FacePoint) -> f64 {
        let corner = |x: f64, y: f64| {
            let at = [x, y].map(|v| (v as i64).cast_unsigned());
            Random::at(self.seed, &at).uniform()
        };
        let (left, top) = (x.floor(), y.floor());
        let [across, down] = [x - left, y - top].map(|t| t * t * (3.0 - 2.0 * t));
        let row = |y: f64| corner(left, y) + across * (corner(left + 1.0, y) - corner(left, y));
        row(top) + down * (row(top + 1.0) - row(top))
    }
}

impl<'i> Pattern<'i> {
    /// A piece of an image, turned, between half and twice as large as a face in it.
    fn image(random: &mut Random, image: &'i RgbImage) -> Self {
        let side = |length: u32| f64::from(length) * 0.5;
        let middle = [side(image.width()), side(image.height())];
        let middle = middle.map(|middle| between(random, 0.3, 1.7) * middle);
        Self::Image(image, middle, between(random, -PI, PI), between(random, 15.0, 70.0))
    }
}

/// Colors of cloth: white, surgical blue and green, black, gray, and all others.
fn cloth_color(random: &mut Random) -> [f64; 3] {
    let light = between(random, 0.55, 1.0);
    let near = |random: &mut Random, color: [f64; 3]| {
        color.map(|v: f64| (light * v + 0.04 * random.normal()).clamp(0.0, 1.0))
    };
    match random.below(20) {
        0..=3 => near(random, [0.95, 0.95, 0.95]),
        4..=6 => near(random, [0.6, 0.82, 0.95]),
        7 => near(random, [0.5, 0.85, 0.75]),
        8..=11 => {
            [between(random, 0.01, 0.2); 3].map(|v| (v + 0.02 * random.normal()).clamp(0.0, 1.0))
        }
        12 | 13 => {
            [between(random, 0.2, 0.6); 3].map(|v| (v + 0.03 * random.normal()).clamp(0.0, 1.0))
        }
        14 => near(random, [0.9, 0.72, 0.6]),
        _ => [(); 3].map(|()| random.uniform()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paint_gives_colors_anywhere() {
        let image = RgbImage::from_fn(20, 30, |x, y| image::Rgb([x as u8, y as u8, 9]));
        for seed in 0..60 {
            let random = &mut Random::new(seed);
            for paint in [
                Paint::cloth(random, &image),
                Paint::fibers(random),
                Paint::near(random, [0.8, 0.6, 0.5]),
                Paint::object(random, &image),
                Paint::lens(random, &image),
            ] {
                for place in [[0.0, 0.0], [-3.0, 5.0], [0.31, -2.7], [1e6, -1e6]] {
                    let color = paint.color(place);
                    assert!(color.iter().all(|v| (0.0..=1.0).contains(v)), "{paint:?}: {color:?}");
                }
            }
        }
    }
}
