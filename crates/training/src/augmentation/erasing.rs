//! An erased patch: a rectangle of one random color, after "random erasing"
//! (Zhong et al., 2017), as a hand, a scarf or a lamp post would cover a face.

use facenet::network::INPUT_SIZE;
use tensor::Random;

use super::jitter::PLANE;
use crate::random::between;

/// A rectangle, and what it is painted with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Patch {
    /// Left edge and width, pixels.
    columns: [usize; 2],
    /// Upper edge and height, pixels.
    rows: [usize; 2],
    color: [f32; 3],
}

impl Patch {
    /// A patch wholly inside the image, its sides a share `least` to `most` of
    /// the image's.
    pub(super) fn draw([least, most]: [f64; 2], random: &mut Random) -> Self {
        let mut span = || {
            let length = (between(random, least, most) * INPUT_SIZE as f64).round() as usize;
            let length = length.min(INPUT_SIZE);
            [random.below(INPUT_SIZE - length + 1), length]
        };
        let (columns, rows) = (span(), span());
        Self { columns, rows, color: [(); 3].map(|()| random.uniform() as f32) }
    }

    /// Paints three planes.
    pub(super) fn erase(&self, planes: &mut [f32]) {
        let Self { columns: [left, width], rows: [top, height], color } = *self;
        for (plane, color) in planes.chunks_exact_mut(PLANE).zip(color) {
            for row in plane.chunks_exact_mut(INPUT_SIZE).skip(top).take(height) {
                row[left..left + width].fill(color);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{self, Purpose};

    #[test]
    fn a_patch_lies_inside_and_covers_its_area() {
        for place in 0..200 {
            let mut random = random::at(1, Purpose::Augmentation, [0, place]);
            let patch = Patch::draw([0.1, 0.4], &mut random);
            let mut planes = vec![2.0; 3 * PLANE];
            patch.erase(&mut planes);
            let [width, height] = [patch.columns[1], patch.rows[1]];
            assert!((10..=38).contains(&width) && (10..=38).contains(&height));
            for (plane, color) in planes.chunks_exact(PLANE).zip(patch.color) {
                let erased = plane.iter().filter(|&&value| value != 2.0);
                assert_eq!(erased.clone().count(), width * height);
                assert!(erased.into_iter().all(|&value| value == color));
            }
        }
    }

    #[test]
    fn the_largest_and_the_smallest_patch_are_fine() {
        for (size, count) in [(0.0, 0), (1.0, PLANE)] {
            let mut random = random::at(1, Purpose::Augmentation, [0, 0]);
            let patch = Patch::draw([size, size], &mut random);
            let mut planes = vec![2.0; 3 * PLANE];
            patch.erase(&mut planes);
            assert_eq!(planes.iter().filter(|&&value| value != 2.0).count(), 3 * count);
        }
    }
}
