//! Places on a photo: windows, boxes of faces, and similarity transforms between a photo
//! and a piece of it.
//!
//! Coordinates are continuous, pixel `i` covers `[i, i + 1)`, and y points down.

use serde::Deserialize;

/// An upright rectangle of an image, such as the part that becomes the network's input.
/// It may reach beyond the image.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
pub struct Window {
    /// Left edge.
    pub x: f64,
    /// Upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

impl Window {
    /// Width times height.
    #[must_use]
    pub fn area(&self) -> f64 {
        self.width * self.height
    }

    /// Whether a piece of both is the same.
    #[must_use]
    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        let apart =
            |a: f64, a_length: f64, b: f64, b_length: f64| a + a_length <= b || b + b_length <= a;
        !apart(self.x, self.width, other.x, other.width)
            && !apart(self.y, self.height, other.y, other.height)
    }
}

/// A face, in pixels of the photo (continuous coordinates: pixel `i` covers
/// `[i, i + 1)`). It may reach beyond the photo.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceBox {
    /// Left edge.
    pub x: f32,
    /// Upper edge.
    pub y: f32,
    /// From left to right.
    pub width: f32,
    /// From top to bottom.
    pub height: f32,
    /// How sure the detector is, on its own scale; higher is surer.
    pub score: f32,
}

impl FaceBox {
    /// Width times height.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width * self.height
    }

    /// Left edge, upper edge, width and height.
    #[must_use]
    pub fn sides(&self) -> [f32; 4] {
        [self.x, self.y, self.width, self.height]
    }

    /// The middle, (x, y).
    #[must_use]
    pub fn middle(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// The area that both boxes have in common as a share of their united area, 0 to 1
    /// (intersection over union).
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f32 {
        let across = (self.x + self.width).min(other.x + other.width) - self.x.max(other.x);
        let down = (self.y + self.height).min(other.y + other.height) - self.y.max(other.y);
        if across <= 0.0 || down <= 0.0 {
            return 0.0;
        }
        let both = across * down;
        both / (self.area() + other.area() - both)
    }
}

impl AsRef<Self> for FaceBox {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// A similarity transform of the plane: shift, rotation and scale, without mirroring.
///
/// `(x, y)` to `(cos·x - sin·y + right, sin·x + cos·y + down)`, where `cos` and `sin`
/// include the scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    cos: f64,
    sin: f64,
    right: f64,
    down: f64,
}

impl Similarity {
    /// Scales by `scale`, rotates by `rotation` radians (clockwise as seen, since y points
    /// down) and brings the point `from` to `to`.
    #[must_use]
    pub fn new(scale: f64, rotation: f64, from: [f64; 2], to: [f64; 2]) -> Self {
        let (sin, cos) = rotation.sin_cos();
        let linear = Self { cos: scale * cos, sin: scale * sin, right: 0.0, down: 0.0 };
        let [x, y] = linear.apply(from);
        Self { right: to[0] - x, down: to[1] - y, ..linear }
    }

    /// The transform that brings the points `from` nearest to `to`, by the sum of
    /// squared distances; nothing if the points of either are all at one place, or not
    /// finite.
    ///
    /// Source: Umeyama, "Least-squares estimation of transformation parameters between
    /// two point patterns" (1991), which in the plane, without mirroring, is a division
    /// of complex numbers.
    #[must_use]
    pub fn fit<const N: usize>(from: &[[f64; 2]; N], to: &[[f64; 2]; N]) -> Option<Self> {
        let mean = |points: &[[f64; 2]; N]| {
            [0, 1].map(|axis| points.iter().map(|point| point[axis]).sum::<f64>() / N as f64)
        };
        let (from_mean, to_mean) = (mean(from), mean(to));
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let p = [p[0] - from_mean[0], p[1] - from_mean[1]];
            let q = [q[0] - to_mean[0], q[1] - to_mean[1]];
            along += p[0] * q[0] + p[1] * q[1];
            across += p[0] * q[1] - p[1] * q[0];
            spread += p[0] * p[0] + p[1] * p[1];
        }
        let scale = along.hypot(across) / spread;
        // Also false where anything is NaN.
        let usable = scale > 0.0 && scale.is_finite() && to_mean.iter().all(|m| m.is_finite());
        usable.then(|| Self::new(scale, across.atan2(along), from_mean, to_mean))
    }

    /// Where a point goes.
    #[must_use]
    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let Self { cos, sin, right, down } = *self;
        [cos * x - sin * y + right, sin * x + cos * y + down]
    }

    /// First `first`, then this.
    #[must_use]
    pub fn after(&self, first: &Self) -> Self {
        let [right, down] = self.apply([first.right, first.down]);
        Self {
            cos: self.cos * first.cos - self.sin * first.sin,
            sin: self.sin * first.cos + self.cos * first.sin,
            right,
            down,
        }
    }

    /// The way back.
    #[must_use]
    pub fn inverse(&self) -> Self {
        let Self { cos, sin, right, down } = *self;
        let square = cos * cos + sin * sin;
        let back = Self { cos: cos / square, sin: -sin / square, right: 0.0, down: 0.0 };
        let [x, y] = back.apply([right, down]);
        Self { right: -x, down: -y, ..back }
    }

    /// How much longer everything gets.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.cos.hypot(self.sin)
    }

    /// The rotation in radians, from -π to π; clockwise as seen.
    #[must_use]
    pub fn rotation(&self) -> f64 {
        self.sin.atan2(self.cos)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn off(a: [f64; 2], b: [f64; 2]) -> f64 {
        (a[0] - b[0]).hypot(a[1] - b[1])
    }

    #[test]
    fn overlap_is_a_share() {
        let at = |x, y, size| FaceBox { x, y, width: size, height: size, score: 1.0 };
        assert_eq!(at(0.0, 0.0, 2.0).overlap(&at(0.0, 0.0, 2.0)), 1.0);
        assert_eq!(at(0.0, 0.0, 2.0).overlap(&at(1.0, 0.0, 2.0)), 1.0 / 3.0);
        assert_eq!(at(0.0, 0.0, 2.0).overlap(&at(2.0, 2.0, 2.0)), 0.0);
    }

    proptest! {
        /// A transform is recovered from what it does to any five points.
        #[test]
        fn a_known_transform_is_recovered(
            scale in 0.05..20.0_f64,
            rotation in -3.1..3.1_f64,
            to in [-500.0..500.0_f64, -500.0..500.0],
            points in prop::array::uniform5([-50.0..50.0_f64, -50.0..50.0]),
        ) {
            let spread = points.iter().map(|p| off(*p, points[0])).fold(0.0, f64::max);
            prop_assume!(spread > 1.0);
            let known = Similarity::new(scale, rotation, points[2], to);
            let found = Similarity::fit(&points, &points.map(|p| known.apply(p))).expect("apart");
            prop_assert!((found.scale() / scale - 1.0).abs() < 1e-9);
            prop_assert!((found.rotation() - rotation).abs() < 1e-7);
            for point in points {
                prop_assert!(off(found.apply(point), known.apply(point)) < 1e-7 * scale);
            }
        }

        #[test]
        fn the_way_back_leads_back(
            scale in 0.05..20.0_f64,
            rotation in -3.1..3.1_f64,
            point in [-500.0..500.0_f64, -500.0..500.0],
        ) {
            let there = Similarity::new(scale, rotation, [3.0, -4.0], [90.0, 7.0]);
            let back = there.inverse().apply(there.apply(point));
            prop_assert!(off(back, point) < 1e-8, "{back:?} for {point:?}");
            let nowhere = there.inverse().after(&there).apply(point);
            prop_assert!(off(nowhere, point) < 1e-8, "{nowhere:?} for {point:?}");
        }
    }

    /// Of noisy points no other transform comes nearer: small changes of each of the
    /// four numbers make it worse.
    #[test]
    fn the_fit_is_the_least_squares_one() {
        let from = [[0.0, 0.0], [10.0, 1.0], [5.0, 6.0], [1.0, 9.0], [9.0, 10.0]];
        let to = [[3.0, 2.0], [22.0, 11.0], [9.0, 15.0], [-3.0, 18.0], [13.0, 27.0]];
        let cost = |s: &Similarity| -> f64 {
            from.iter().zip(to).map(|(p, q)| off(s.apply(*p), q).powi(2)).sum()
        };
        let best = Similarity::fit(&from, &to).expect("apart");
        for step in [-1e-3, 1e-3] {
            for changed in [
                Similarity { cos: best.cos + step, ..best },
                Similarity { sin: best.sin + step, ..best },
                Similarity { right: best.right + step, ..best },
                Similarity { down: best.down + step, ..best },
            ] {
                assert!(cost(&changed) > cost(&best), "{changed:?} beats {best:?}");
            }
        }
    }

    #[test]
    fn points_at_one_place_or_nowhere_fit_nothing() {
        let apart = [[0.0, 0.0], [1.0, 0.0]];
        assert_eq!(Similarity::fit(&[[2.0, 3.0]; 2], &apart), None);
        assert_eq!(Similarity::fit(&apart, &[[2.0, 3.0]; 2]), None);
        assert_eq!(Similarity::fit(&apart, &[[f64::NAN, 0.0], [1.0, 1.0]]), None);
        assert_eq!(Similarity::fit(&apart, &[[0.0, 0.0], [f64::INFINITY, 1.0]]), None);
    }
}
