//! The first level: boosted classifiers on local binary patterns.
//!
//! The feature of a place compares a 3×3 rectangle with its eight neighbours: one bit
//! each, whether the middle is at least as bright. Each of 256 values has a weight, the
//! weights of a window's features add up to its score, and after every ten features a
//! window whose score is too low is given up.
//!
//! Source: Yan et al., "Locally Assembled Binary (LAB) feature with feature-centric
//! cascade for fast and accurate face detection" (2008).

use super::WINDOW;
use super::grey::Grey;

/// Side of a rectangle.
const RECTANGLE: usize = 3;
/// Windows of less contrast (standard deviation of brightness in 0..255) are no face.
const LEAST_DEVIATION: f64 = 10.0;
/// The eight neighbours, in rectangles right and down, with their bit.
const NEIGHBOURS: [([usize; 2], u8); 8] = [
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

/// A picture's features, and the sums for a window's contrast.
pub(super) struct Patterns {
    width: usize,
    values: Vec<u8>,
    /// Sums of brightness and of its square over all above and to the left; one row and
    /// column more than the picture.
    sums: Vec<[u64; 2]>,
    stride: usize,
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
    pub(super) fn score(&self, patterns: &Patterns, [x, y]: [usize; 2]) -> Option<f32> {
        let corner = y * patterns.width + x;
        let mut score = 0.0;
        let features = self.places.iter().zip(&self.weights);
        for (number, ([right, down], weights)) in features.enumerate() {
            let value = patterns.values[corner + down * patterns.width + right];
            score += weights[usize::from(value)];
            if number % Self::GROUP == Self::GROUP - 1 && score < self.thresholds[number] {
                return None;
            }
        }
        (patterns.deviation([x, y]) > LEAST_DEVIATION).then_some(score)
    }
}

impl Patterns {
    /// Those of a picture that is no smaller than a window.
    pub(super) fn of(picture: &Grey) -> Self {
        let (width, height) = (picture.width, picture.height);
        let stride = width + 1;
        let mut sums = vec![[0_u64; 2]; stride * (height + 1)];
        for y in 0..height {
            let mut row = [0_u64; 2];
            for x in 0..width {
                let value = u64::from(picture.pixels[y * width + x]);
                row = [row[0] + value, row[1] + value * value];
                let above = sums[y * stride + x + 1];
                sums[(y + 1) * stride + x + 1] = [above[0] + row[0], above[1] + row[1]];
            }
        }
        let mut patterns = Self { width, values: vec![0; width * height], sums, stride };
        patterns.fill(height);
        patterns
    }

    fn fill(&mut self, height: usize) {
        let width = self.width;
        let rectangles: Vec<u32> = (0..width * height)
            .map(|i| [i % width, i / width])
            .map(|[x, y]| {
                let has_room = x + RECTANGLE <= width && y + RECTANGLE <= height;
                if has_room { self.sum([x, y], RECTANGLE)[0] as u32 } else { 0 }
            })
            .collect();
        for y in 0..(height + 1).saturating_sub(3 * RECTANGLE) {
            for x in 0..(width + 1).saturating_sub(3 * RECTANGLE) {
                let at = |[right, down]: [usize; 2]| {
                    rectangles[(y + RECTANGLE * down) * width + x + RECTANGLE * right]
                };
                let middle = at([1, 1]);
                let bits = NEIGHBOURS.iter().filter(|(place, _)| middle >= at(*place));
                self.values[y * width + x] = bits.fold(0, |value, (_, bit)| value | bit);
            }
        }
    }

    /// Sums over a square.
    fn sum(&self, [x, y]: [usize; 2], side: usize) -> [u64; 2] {
        let at = |x: usize, y: usize| self.sums[y * self.stride + x];
        let corners = [at(x, y), at(x + side, y), at(x, y + side), at(x + side, y + side)];
        [0, 1].map(|k| {
            let [a, b, c, d] = corners.map(|corner| corner[k]);
            d + a - b - c
        })
    }

    /// Standard deviation of a window's brightness.
    fn deviation(&self, corner: [usize; 2]) -> f64 {
        let area = (WINDOW * WINDOW) as f64;
        let [mean, square] = self.sum(corner, WINDOW).map(|sum| sum as f64 / area);
        (square - mean * mean).max(0.0).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_say_which_neighbours_are_no_brighter() {
        let mut picture = Grey { pixels: vec![9; 41 * 40], width: 41, height: 40 };
        // Of the feature at (1, 0), the upper right rectangle is brighter.
        picture.pixels[7] = 250;
        let patterns = Patterns::of(&picture);
        assert_eq!(patterns.values[0], 0xff & !0x20);
        assert_eq!(patterns.values[1], 0xff & !0x20);
        // For the one at (4, 0) it is the middle column's upper one.
        assert_eq!(patterns.values[4], 0xff & !0x40);
        assert_eq!(patterns.values[10], 0xff);
        let mean = (9.0 * 1599.0 + 250.0) / 1600.0;
        let square = (81.0 * 1599.0 + 62500.0) / 1600.0;
        let expected = f64::sqrt(square - mean * mean);
        assert!((patterns.deviation([0, 0]) - expected).abs() < 1e-9);
        assert!((patterns.deviation([1, 0]) - expected).abs() < 1e-9);
    }
}
