//! Kinds of covers: over mouth and nose, over the eyes, and over neither.

use image::RgbImage;
use tensor::Random;

use super::cover::{Cover, FaceFrame, FacePoint, Shape};
use super::paint::Paint;
use crate::random::between;

/// Draws the covers of one face.
pub(super) struct Painter<'p, 'i> {
    pub(super) random: &'p mut Random,
    pub(super) frame: &'p FaceFrame,
    /// The color of the face's skin.
    pub(super) skin: [f64; 3],
    /// Another image, for patterns.
    pub(super) other: &'i RgbImage,
}

impl<'i> Painter<'_, 'i> {
    fn between(&mut self, low: f64, high: f64) -> f64 {
        between(self.random, low, high)
    }

    /// Whether something of this probability is so.
    fn is(&mut self, probability: f64) -> bool {
        self.random.uniform() < probability
    }

    /// Covers of the lower half, or what looks like them and hides nothing.
    pub(super) fn lower(&mut self) -> Vec<Cover<'i>> {
        match self.random.below(24) {
            0..=5 => {
                let top = self.between(0.05, 0.45);
                self.mask(top)
            }
            6 => {
                // Below the nose.
                let top = self.between(0.6, 0.8);
                self.mask(top)
            }
            7 | 8 => self.scarf(),
            9 | 10 => self.hand([0.0, 1.0]),
            11 => self.object([0.0, 1.0]),
            12 => {
                // Below the mouth.
                let top = self.between(1.3, 1.7);
                self.mask(top)
            }
            13 => self.beard(),
            _ => Vec::new(),
        }
    }

    /// Covers of the upper half, or what looks like them and hides nothing.
    pub(super) fn upper(&mut self) -> Vec<Cover<'i>> {
        match self.random.below(24) {
            0..=4 => self.glasses(true),
            5 => self.visor(),
            6 => self.hand([0.0, 0.0]),
            7 => self.object([0.0, 0.0]),
            8 => self.fringe(0.0),
            9..=11 => self.glasses(false),
            12 | 13 => self.fringe(-0.6),
            _ => Vec::new(),
        }
    }

    /// Something anywhere.
    pub(super) fn stray(&mut self) -> Vec<Cover<'i>> {
        if self.is(0.75) {
            return Vec::new();
        }
        let middle = [self.between(-1.3, 1.3), self.between(-0.9, 2.2)];
        if self.is(0.4) { self.hand(middle) } else { self.object(middle) }
    }

    /// A mask whose upper edge is at this height over the nose.
    fn mask(&mut self, top: f64) -> Vec<Cover<'i>> {
        let nose = self.frame.landmarks[2][0];
        let (side, jaw) = (self.between(0.72, 1.15), self.between(0.6, 1.05));
        let ear = top + self.between(-0.05, 0.4);
        let cheek = top + (ear - top) * self.between(0.2, 0.9) + self.between(0.0, 0.12);
        let (low, chin) = (self.between(1.0, 1.5), self.between(1.45, 2.1));
        let mut corners = vec![
            [nose, top],
            [0.4, cheek],
            [side, ear],
            [side, (ear + low) / 2.0],
            [jaw, low],
            [self.between(0.2, 0.5), chin - self.between(0.0, 0.2)],
            [nose / 2.0, chin],
            [-self.between(0.2, 0.5), chin - self.between(0.0, 0.2)],
            [-jaw, low],
            [-side, (ear + low) / 2.0],
            [-side, ear],
            [-0.4, cheek],
        ];
        for corner in &mut corners {
            *corner = [0, 1].map(|axis| corner[axis] + 0.03 * self.random.normal());
        }
        let paint = Paint::cloth(self.random, self.other);
        let mut covers = Vec::new();
        if self.is(0.6) {
            let reach = [self.between(1.2, 1.6), ear + self.between(-0.4, 0.2)];
            let half = self.between(0.015, 0.05);
            let of = |sign: f64, from: FacePoint| ([from, [sign * reach[0], reach[1]]], half);
            let straps = vec![
                of(1.0, [side, ear]),
                of(-1.0, [-side, ear]),
                of(1.0, [jaw, low]),
                of(-1.0, [-jaw, low]),
            ];
            covers.push(Cover { shape: Shape::Lines(straps), paint: paint.clone(), opacity: 0.9 });
        }
        covers.push(Cover { shape: Shape::Polygon(corners), paint, opacity: 1.0 });
        covers
    }

    /// All below a line: a scarf, a collar, a veil.
    fn scarf(&mut self) -> Vec<Cover<'i>> {
        let heights: Vec<f64> = (0..5).map(|_| self.between(0.1, 0.7)).collect();
        let level = self.between(-0.1, 0.1);
        let mean = heights.iter().sum::<f64>() / 5.0;
        let reach = self.between(1.0, 2.5);
        let edge = heights.iter().enumerate().map(|(i, height)| {
            let x = reach * (i as f64 / 2.0 - 1.0);
            [x, mean + 0.4 * (height - mean) + level * x]
        });
        let mut corners: Vec<FacePoint> = edge.collect();
        corners.extend([[reach, 4.0], [-reach, 4.0]]);
        let paint = match self.is(0.3) {
            true => Paint::fibers(self.random),
            false => Paint::cloth(self.random, self.other),
        };
        vec![Cover { shape: Shape::Polygon(corners), paint, opacity: 1.0 }]
    }

    /// A hand whose fingers reach a place.
    fn hand(&mut self, middle: FacePoint) -> Vec<Cover<'i>> {
        let angle = self.between(-1.3, 1.3) + if self.is(0.2) { 3.1 } else { 0.0 };
        let ([sin, cos], size) = ([angle.sin(), angle.cos()], self.between(0.85, 1.3));
        let [right, down] = [self.between(-0.12, 0.12), self.between(-0.12, 0.12)];
        let at = |x: f64, y: f64| {
            let (x, y) = (size * x, size * y);
            [middle[0] + right + cos * x - sin * y, middle[1] + down + sin * x + cos * y]
        };
        let mut fingers = Vec::new();
        let spread = self.between(0.0, 0.1);
        for number in 0..4 {
            let x = 0.27 * (f64::from(number) - 1.5);
            let tip = -0.45 - 0.1 * self.between(0.0, 2.0);
            let width = 0.14 * self.between(0.85, 1.1);
            fingers.push(([at(x * (1.0 + spread), tip), at(0.9 * x, 0.6)], size * width));
        }
        let palm = Shape::Ellipse(at(0.0, 0.8), [0.58 * size, 0.55 * size]);
        let hand = Shape::Union(vec![Shape::Lines(fingers.clone()), palm]);
        let paint = Paint::near(self.random, self.skin);
        let shade = Paint::plain(self.skin.map(|v| 0.45 * v));
        let gaps = fingers.windows(2).map(|pair| {
            let [a, b] = [pair[0].0, pair[1].0];
            let middle = |p: FacePoint, q: FacePoint| [0, 1].map(|axis| (p[axis] + q[axis]) / 2.0);
            ([middle(a[0], b[0]), middle(a[1], b[1])], 0.012)
        });
        let gaps = Shape::Lines(gaps.collect());
        vec![
            Cover { shape: hand, paint, opacity: 1.0 },
            Cover { shape: gaps, paint: shade, opacity: 0.7 },
        ]
    }

    /// A cup, a telephone, a microphone.
    fn object(&mut self, middle: FacePoint) -> Vec<Cover<'i>> {
        let middle = [middle[0] + self.between(-0.25, 0.25), middle[1] + self.between(-0.2, 0.4)];
        let half = [self.between(0.2, 0.9), self.between(0.2, 0.9)];
        let shape = if self.is(0.5) {
            Shape::Ellipse(middle, half)
        } else {
            let (sin, cos) = self.between(-0.6, 0.6).sin_cos();
            let corner = |x: f64, y: f64| {
                [
                    middle[0] + cos * x * half[0] - sin * y * half[1],
                    middle[1] + sin * x * half[0] + cos * y * half[1],
                ]
            };
            let corners = [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]];
            Shape::Polygon(corners.map(|[x, y]| corner(x, y)).into())
        };
        let paint = Paint::object(self.random, self.other);
        vec![Cover { shape, paint, opacity: 1.0 }]
    }

    /// A beard that leaves the mouth free.
    fn beard(&mut self) -> Vec<Cover<'i>> {
        let (side, top) = (self.between(0.75, 1.0), self.between(0.5, 1.1));
        let jaw = vec![
            [-side, top],
            [-0.5, self.between(0.75, 1.1)],
            [0.0, self.between(0.68, 0.8)],
            [0.5, self.between(0.75, 1.1)],
            [side, top],
            [0.6, 1.7],
            [0.0, self.between(1.8, 2.4)],
            [-0.6, 1.7],
        ];
        let mouth = Shape::Ellipse([0.0, 1.02], [0.55, self.between(0.17, 0.25)]);
        let shape = Shape::Without(Box::new(Shape::Polygon(jaw)), Box::new(mouth));
        let opacity = self.between(0.4, 0.95);
        vec![Cover { shape, paint: Paint::fibers(self.random), opacity }]
    }

    /// Glasses, dark or clear.
    fn glasses(&mut self, dark: bool) -> Vec<Cover<'i>> {
        let [width, height] = [self.between(0.3, 0.5), self.between(0.17, 0.42)];
        let drop = self.between(-0.05, 0.15);
        let is_round = self.is(0.5);
        let [outer, inner] = [self.between(0.6, 1.1), self.between(0.5, 1.0)];
        let lens = |sign: f64, more: f64| {
            let middle = [0.5 * sign, drop];
            let (w, h) = (width + more, height + more);
            if is_round {
                return Shape::Ellipse(middle, [w, h]);
            }
            let corner = |x: f64, y: f64| [middle[0] + sign * x * w, middle[1] + y * h];
            Shape::Polygon(vec![
                corner(-0.95, -0.9),
                corner(1.0, -1.0),
                corner(outer, 0.9),
                corner(-inner * 0.7, 0.95),
            ])
        };
        let both = |more: f64| Shape::Union(vec![lens(-1.0, more), lens(1.0, more)]);
        let thick = self.between(0.02, 0.09);
        let rim = Shape::Without(Box::new(both(thick)), Box::new(both(0.0)));
        let bars = Shape::Lines(vec![
            ([[-0.2, drop - 0.08], [0.2, drop - 0.08]], thick / 1.5),
            ([[0.5 + width, drop - 0.1], [1.4, drop - 0.12]], thick / 1.5),
            ([[-0.5 - width, drop - 0.1], [-1.4, drop - 0.12]], thick / 1.5),
        ]);
        let paint = if dark {
            Paint::lens(self.random, self.other)
        } else {
            Paint::cloth(self.random, self.other)
        };
        let opacity = if dark { self.between(0.78, 1.0) } else { self.between(0.0, 0.25) };
        let frame = Paint::object(self.random, self.other);
        let mut covers = vec![Cover { shape: both(0.0), paint, opacity }];
        if !dark || self.is(0.6) {
            covers.push(Cover { shape: rim, paint: frame.clone(), opacity: 0.9 });
        }
        covers.push(Cover { shape: bars, paint: frame, opacity: 0.85 });
        covers
    }

    /// Goggles, or a bar.
    fn visor(&mut self) -> Vec<Cover<'i>> {
        let (width, height) = (self.between(0.85, 1.4), self.between(0.22, 0.5));
        let drop = self.between(-0.1, 0.12);
        let shape = if self.is(0.5) {
            Shape::Ellipse([0.0, drop], [width, height])
        } else {
            let corners = [[-width, -height], [width, -height], [width, height], [-width, height]];
            Shape::Polygon(corners.map(|[x, y]| [x, y + drop]).into())
        };
        let paint = Paint::lens(self.random, self.other);
        vec![Cover { shape, paint, opacity: self.between(0.8, 1.0) }]
    }

    /// Hair or the brim of a hat, down to about this height.
    fn fringe(&mut self, height: f64) -> Vec<Cover<'i>> {
        let lowest = height + self.between(-0.1, 0.3);
        let (left, right) = (self.between(-0.25, 0.25), self.between(-0.25, 0.25));
        let corners = vec![
            [-2.5, -3.0],
            [2.5, -3.0],
            [2.5, lowest + right],
            [0.5, lowest + right / 2.0],
            [0.0, lowest + self.between(-0.1, 0.1)],
            [-0.5, lowest + left / 2.0],
            [-2.5, lowest + left],
        ];
        let paint = match self.is(0.6) {
            true => Paint::fibers(self.random),
            false => Paint::cloth(self.random, self.other),
        };
        vec![Cover { shape: Shape::Polygon(corners), paint, opacity: self.between(0.85, 1.0) }]
    }
}
