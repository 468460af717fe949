//! The first level: boosted classifiers on local binary patterns.
//!
//! The feature of a place compares a 3×3 rectangle with its eight neighbors: one bit
//! each, whether the middle is at least as bright. Each of 256 values has a weight, the
//! weights of a window's features add up to its score, and after every ten features a
//! window whose score is too low is given up.
//!
//! Source: Yan et al., "Locally Assembled Binary (LAB) feature with feature-centric
//! cascade for fast and accurate face detection" (2008).

use super::search_image::{Gray, WINDOW};

/// Side of a rectangle.
const RECTANGLE: usize = 3;
/// Windows of less contrast (standard deviation of brightness in 0..255) are no face.
const LEAST_DEVIATION: f64 = 10.0;
/// The eight neighbors, in rectangles right and down, with their bit.
const NEIGHBORS: [([usize; 2], u8); 8] = [
    ([0, 0], 0x80),
    ([1, 0], 0x40),
    ([2, 0], 0x20),
    ([0, 1], 0x10),
    ([2, 1], 0x08),
    ([0, 2], 0x04),
    ([1, 2], 0x02),
    ([2, 2], 0x01),
];

/// One classifier.
#[derive(Debug)]
pub(super) struct Boosted {
    /// Right and down from the window's corner.
    places: Vec<[usize; 2]>,
    thresholds: Vec<f32>,
    /// 256 a feature.
    weights: Vec<Vec<f32>>,
}

/// An image's features.
pub(super) struct Patterns<'p> {
    image: &'p Gray,
    /// Offset of the feature whose upper left corner is there.
    values: Vec<u8>,
}

impl Boosted {
    /// Features between two looks at the threshold.
    pub(super) const GROUP: usize = 10;
    /// The last place in a window where a feature has room.
    pub(super) const LAST_PLACE: usize = WINDOW - 3 * RECTANGLE;

    pub(super) fn new(
        places: Vec<[usize; 2]>,
        thresholds: Vec<f32>,
        weights: Vec<Vec<f32>>,
    ) -> Self {
        Self { places, thresholds, weights }
    }

    /// The score of the window whose corner is there, if it may be a face.
    pub(super) fn score(&self, patterns: &Patterns<'_>, [x, y]: [usize; 2]) -> Option<f32> {
        let width = patterns.image.width;
        let corner = y * width + x;
        let mut score = 0.0;
        let features = self.places.iter().zip(&self.weights);
        for (number, ([right, down], weights)) in features.enumerate() {
            let value = patterns.values[corner + down * width + right];
            score += weights[usize::from(value)];
            if number % Self::GROUP == Self::GROUP - 1 && score < self.thresholds[number] {
                return None;
            }
        }
        (patterns.deviation([x, y]) > LEAST_DEVIATION).then_some(score)
    }
}

impl<'p> Patterns<'p> {
    /// Features of an image that is no smaller than a window.
    pub(super) fn of(image: &'p Gray) -> Self {
        let Gray { width, height, .. } = *image;
        let sums = rectangles(image);
        let mut values = vec![0; width * height];
        let (columns, rows) = (width + 1 - 3 * RECTANGLE, height + 1 - 3 * RECTANGLE);
        for (y, values) in values.chunks_exact_mut(width).take(rows).enumerate() {
            let row = |[right, down]: [usize; 2]| {
                &sums[(y + RECTANGLE * down) * width + RECTANGLE * right..][..columns]
            };
            let middle = row([1, 1]);
            // Row by row and bit by bit: loops that the compiler takes in whole vectors.
            for (place, bit) in NEIGHBORS {
                for ((value, middle), other) in values.iter_mut().zip(middle).zip(row(place)) {
                    *value |= if middle >= other { bit } else { 0 };
                }
            }
        }
        Self { image, values }
    }

    /// Standard deviation of a window's brightness.
    fn deviation(&self, [x, y]: [usize; 2]) -> f64 {
        let Gray { pixels, width, .. } = self.image;
        let rows = pixels.chunks_exact(*width).skip(y).take(WINDOW);
        let [mut sum, mut squares] = [0_u32; 2];
        for value in rows.flat_map(|row| &row[x..x + WINDOW]) {
            let value = u32::from(*value);
            sum += value;
            squares += value * value;
        }
        let area = (WINDOW * WINDOW) as f64;
        let [mean, square] = [sum, squares].map(|sum| f64::from(sum) / area);
        (square - mean * mean).max(0.0).sqrt()
    }
}

/// The sum of the rectangle whose upper left corner is there; 0 where it has no room.
fn rectangles(image: &Gray) -> Vec<u16> {
    let Gray { pixels, width, height } = image;
    let (width, height) = (*width, *height);
    let mut across = vec![0; width * height];
    for (sums, row) in across.chunks_exact_mut(width).zip(pixels.chunks_exact(width)) {
        for (sum, three) in sums.iter_mut().zip(row.windows(RECTANGLE)) {
            *sum = three.iter().map(|v| u16::from(*v)).sum();
        }
    }
    let mut sums = vec![0; width * height];
    for (y, sums) in sums.chunks_exact_mut(width).take(height + 1 - RECTANGLE).enumerate() {
        for down in 0..RECTANGLE {
            let row = &across[(y + down) * width..][..width];
            sums.iter_mut().zip(row).for_each(|(sum, v)| *sum += v);
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_say_which_neighbors_are_no_brighter() {
        let mut image = Gray { pixels: vec![9; 41 * 40], width: 41, height: 40 };
        // Of the feature at (1, 0), the upper right rectangle is brighter.
        image.pixels[7] = 250;
        let patterns = Patterns::of(&image);
        assert_eq!(patterns.values[0], !0x20);
        assert_eq!(patterns.values[1], !0x20);
        // For the one at (4, 0) it is the middle column's upper one.
        assert_eq!(patterns.values[4], !0x40);
        assert_eq!(patterns.values[10], 0xff);
        let mean = (9.0 * 1599.0 + 250.0) / 1600.0;
        let square = (81.0 * 1599.0 + 62500.0) / 1600.0;
        let expected = f64::sqrt(square - mean * mean);
        assert!((patterns.deviation([0, 0]) - expected).abs() < 1e-9);
        assert!((patterns.deviation([1, 0]) - expected).abs() < 1e-9);
    }
}
