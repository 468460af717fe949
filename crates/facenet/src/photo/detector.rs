//! Finding faces.
//!
//! [`Detector`] is the seam: the rest of the house knows boxes, not how they
//! were found. The one detector that travels with the house is
//! [`SeetaDetector`]; another may take its place, but the framing constants
//! of [`super::crop`] belong to its boxes and would have to be fitted anew.

mod seeta;
mod turned;

pub use self::seeta::{BadOption, SeetaDetector, SeetaOptions};
pub use self::turned::TurnedDetector;

use super::Photo;

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

    /// The middle, (x, y).
    #[must_use]
    pub fn middle(&self) -> (f32, f32) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }
}

/// Something that finds faces.
pub trait Detector {
    /// The faces of a photo, the largest first; equally large ones from top to
    /// bottom, then from left to right. The same photo gives the same boxes.
    fn detect(&mut self, photo: &Photo) -> Vec<FaceBox>;
}

/// Puts boxes into the order that [`Detector::detect`] promises.
fn sort(boxes: &mut [FaceBox]) {
    boxes.sort_by(|a, b| {
        let larger = b.area().total_cmp(&a.area());
        larger.then(a.y.total_cmp(&b.y)).then(a.x.total_cmp(&b.x))
    });
}

/// Intersection over union.
fn overlap(a: &FaceBox, b: &FaceBox) -> f32 {
    let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let down = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    if across <= 0.0 || down <= 0.0 {
        return 0.0;
    }
    let both = across * down;
    both / (a.area() + b.area() - both)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_a_share() {
        let at = |x, y, size| FaceBox { x, y, width: size, height: size, score: 1.0 };
        assert_eq!(overlap(&at(0.0, 0.0, 2.0), &at(0.0, 0.0, 2.0)), 1.0);
        assert_eq!(overlap(&at(0.0, 0.0, 2.0), &at(1.0, 0.0, 2.0)), 1.0 / 3.0);
        assert_eq!(overlap(&at(0.0, 0.0, 2.0), &at(2.0, 2.0, 2.0)), 0.0);
    }

    #[test]
    fn the_largest_comes_first_and_ties_have_an_order() {
        let at = |x, y, size| FaceBox { x, y, width: size, height: size, score: 1.0 };
        let expected =
            [at(5.0, 9.0, 80.0), at(9.0, 1.0, 40.0), at(2.0, 7.0, 40.0), at(3.0, 7.0, 40.0)];
        let mut boxes = [expected[3], expected[1], expected[0], expected[2]];
        sort(&mut boxes);
        assert_eq!(boxes, expected);
    }
}
