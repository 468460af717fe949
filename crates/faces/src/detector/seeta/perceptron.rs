//! The later levels' stages: small networks of dense layers on gradients that are summed over
//! the quarters of a patch.
//!
//! A window has two gradients, each split by the other's sign into four sums: of itself
//! and of its size, where the other is negative or not. A patch's feature holds the eight
//! sums of each of its four quarters, scaled to length 1.
//!
//! Source: Li and Zhang, "Learning SURF cascade for fast and accurate object detection"
//! (2013).

use std::sync::LazyLock;

use super::search_image::{Gray, WINDOW};

/// Sums at every place.
const CHANNELS: usize = 8;
/// Numbers of a feature: eight sums for each of four quarters.
pub(super) const LENGTH: usize = 4 * CHANNELS;
/// Width against height of the patches.
const SHAPES: [[usize; 2]; 5] = [[1, 1], [1, 2], [2, 1], [2, 3], [3, 2]];
/// Least width and height of a patch, and the step from one to the next.
const LEAST: usize = 16;

/// A part of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patch {
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

static PATCHES: LazyLock<Vec<Patch>> = LazyLock::new(list);

/// All patches, in the order in which the model numbers them.
pub(super) fn patches() -> &'static [Patch] {
    &PATCHES
}

fn list() -> Vec<Patch> {
    let mut patches = Vec::new();
    for [across, down] in SHAPES {
        for height in (LEAST..=WINDOW).filter(|h| h % 2 == 0 && h % down == 0) {
            let width = height / down * across;
            if width % 2 != 0 || !(LEAST..=WINDOW).contains(&width) {
                continue;
            }
            for y in (0..=WINDOW - height).step_by(LEAST) {
                for x in (0..=WINDOW - width).step_by(LEAST) {
                    patches.push(Patch { x, y, width, height });
                }
            }
        }
    }
    patches
}

/// The window's eight channels, each value the sum of all above and to the left.
pub(super) struct Gradients {
    sums: Vec<[i32; CHANNELS]>,
}

/// One row and column more than the window.
const STRIDE: usize = WINDOW + 1;

impl Gradients {
    /// Features of an image of the window's size.
    pub(super) fn of(window: &Gray) -> Self {
        let at = |x: usize, y: usize| i32::from(window.pixels[y * WINDOW + x]);
        // The difference of both neighbors; at a border twice that of the one.
        let neighbors = |i: usize| match i {
            0 => (0, 1, 2),
            i if i == WINDOW - 1 => (i - 1, i, 2),
            i => (i - 1, i + 1, 1),
        };
        let mut sums = vec![[0; CHANNELS]; STRIDE * STRIDE];
        for y in 0..WINDOW {
            let (above, below, twice_y) = neighbors(y);
            let mut row = [0; CHANNELS];
            for x in 0..WINDOW {
                let (left, right, twice_x) = neighbors(x);
                let dx = twice_x * (at(right, y) - at(left, y));
                let dy = twice_y * (at(x, below) - at(x, above));
                let to_x = if dy < 0 { 2 } else { 0 };
                row[to_x] += dx;
                row[to_x + 1] += dx.abs();
                let to_y = if dx < 0 { 6 } else { 4 };
                row[to_y] += dy;
                row[to_y + 1] += dy.abs();
                let above = sums[y * STRIDE + x + 1];
                sums[(y + 1) * STRIDE + x + 1] = std::array::from_fn(|k| above[k] + row[k]);
            }
        }
        Self { sums }
    }

    /// Appends a patch's feature.
    pub(super) fn feature(&self, patch: &Patch, features: &mut Vec<f32>) {
        let (width, height) = (patch.width / 2, patch.height / 2);
        let start = features.len();
        let mut squares = 0.0;
        for quarter in 0..4 {
            let (x, y) = (patch.x + quarter % 2 * width, patch.y + quarter / 2 * height);
            let at = |x: usize, y: usize| &self.sums[y * STRIDE + x];
            let (a, b) = (at(x, y), at(x + width, y));
            let (c, d) = (at(x, y + height), at(x + width, y + height));
            for k in 0..CHANNELS {
                let value = (d[k] + a[k] - b[k] - c[k]) as f32;
                squares += f64::from(value) * f64::from(value);
                features.push(value);
            }
        }
        if squares > 0.0 {
            let length = squares.sqrt() as f32;
            features[start..].iter_mut().for_each(|value| *value /= length);
        }
    }
}

/// Dense layers, ReLU between them, a logistic function after the last.
#[derive(Debug)]
pub(super) struct Perceptron {
    /// Numbers of the patches whose features go in.
    pub(super) features: Vec<usize>,
    /// Scores above it may be faces.
    pub(super) threshold: f32,
    pub(super) layers: Vec<Layer>,
}

/// A row of `inputs` weights for each output.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) inputs: usize,
    pub(super) weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

/// A stage's answer for a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Verdict {
    pub(super) score: f32,
    /// By how much of its side the window should move, right and down, and grow.
    pub(super) correction: [f32; 3],
}

impl Perceptron {
    /// Looks at a window.
    pub(super) fn judge(&self, window: &Gray) -> Option<Verdict> {
        let gradients = Gradients::of(window);
        let mut values = Vec::with_capacity(self.features.len() * LENGTH);
        for &number in &self.features {
            gradients.feature(&patches()[number], &mut values);
        }
        for (number, layer) in self.layers.iter().enumerate() {
            let is_last = number + 1 == self.layers.len();
            let rows = layer.weights.chunks_exact(layer.inputs).zip(&layer.biases);
            values = rows
                .map(|(weights, bias)| {
                    let sum = dot(weights, &values) + bias;
                    if is_last { 1.0 / (1.0 + (-sum).exp()) } else { sum.max(0.0) }
                })
                .collect();
        }
        let [score, right, down, larger] = values[..] else { return None };
        let correction = [right, down, larger].map(|v| 2.0 * v - 1.0);
        (score > self.threshold).then_some(Verdict { score, correction })
    }
}

/// The sum of products, in eight sums side by side so that it can be computed at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0; 8];
    let (a_parts, a_rest) = a.as_chunks::<8>();
    let (b_parts, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_parts.iter().zip(b_parts) {
        for k in 0..8 {
            sums[k] += a[k] * b[k];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patches_lie_in_the_window_and_come_in_order() {
        let patches = patches();
        assert_eq!(patches[0], Patch { x: 0, y: 0, width: 16, height: 16 });
        assert_eq!(patches[1], Patch { x: 16, y: 0, width: 16, height: 16 });
        assert!(patches.iter().all(|p| p.x + p.width <= 40 && p.y + p.height <= 40));
    }

    #[test]
    fn a_slope_has_one_direction_and_length_one() {
        // Brighter to the right by 2 a pixel, darker downwards by 1.
        let pixels = (0..1600).map(|i| (60 + 2 * (i % 40) - i / 40) as u8).collect::<Vec<u8>>();
        let window = Gray { pixels, width: 40, height: 40 };
        let mut feature = Vec::new();
        Gradients::of(&window).feature(&patches()[0], &mut feature);
        assert_eq!(feature.len(), LENGTH);
        let length: f32 = feature.iter().map(|v| v * v).sum();
        assert!((length - 1.0).abs() < 1e-5, "{length}");
        for quarter in feature.chunks(CHANNELS) {
            // dx is 4 where dy is negative, dy is -2 where dx is not.
            let [none, zero, dx, size, dy, other, ..] = *quarter else { panic!("eight sums") };
            assert!(none == 0.0 && zero == 0.0 && dx > 0.0 && (dx - size).abs() < 1e-6);
            assert!((dy + dx / 2.0).abs() < 1e-6 && (other + dy).abs() < 1e-6, "{quarter:?}");
        }
    }
}
