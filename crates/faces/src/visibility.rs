//! Whether mouth and eyes can be seen: a small network looks at the face crop.
//!
//! A mask, a scarf, a hand or dark glasses hide what tells people apart, and the encoder gives
//! its 128 numbers all the same: strangers in one mask lie near to each other. Whether
//! something hides them is a question of its own, so a network of its own answers it. It is
//! [defined](facenet::network) with FaceNet and trained in the crate `training` on faces over
//! which covers of many kinds are painted; `weights/visibility` says how often it is right
//! on photographs of people who wear real ones.

use std::sync::Arc;

use facenet::engine::CompiledNetwork;
use facenet::network::{Architecture, INPUT_SIZE, VISIBILITY_SIZE};
use facenet::weights::{Weights, WeightsError};
use ndarray::{Array3, ArrayView3, Axis, stack};

/// How sure the network is that a part of a face can be seen, from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Visibility {
    /// The mouth: not under a mask, a scarf, a hand.
    pub mouth: f32,
    /// The eyes: not behind dark glasses, hair, a hand.
    pub eyes: f32,
}

/// The network that tells what of a face can be seen. Cheap to clone.
#[derive(Clone, Debug)]
pub struct VisibilityNetwork {
    network: Arc<CompiledNetwork>,
}

impl VisibilityNetwork {
    /// The network inside this binary.
    ///
    /// # Errors
    /// When the binary was built without it.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(&Weights::embedded_for(Architecture::Visibility)?))
    }

    /// The network with other weights.
    ///
    /// # Panics
    /// If the weights are another network's.
    #[must_use]
    pub fn new(weights: &Weights) -> Self {
        Self { network: Arc::new(CompiledNetwork::new(Architecture::Visibility, weights)) }
    }

    /// What can be seen of a face crop: the mean of what is seen of it and of its mirror image.
    ///
    /// # Shapes
    /// `(3, 96, 96)`, RGB in 0..1.
    ///
    /// # Panics
    /// On another shape.
    #[must_use]
    pub fn estimate(&self, crop: ArrayView3<'_, f32>) -> Visibility {
        self.estimate_half(half_size(crop).view())
    }

    /// [`estimate`](Self::estimate) of a crop that has its [half size](half_size) already.
    ///
    /// # Shapes
    /// `(3, 48, 48)`, RGB in 0..1.
    ///
    /// # Panics
    /// On another shape.
    #[must_use]
    pub fn estimate_half(&self, image: ArrayView3<'_, f32>) -> Visibility {
        let mut mirrored = image;
        mirrored.invert_axis(Axis(2));
        let both = stack(Axis(0), &[image, mirrored]).expect("of one shape");
        let scores = self.network.run(both.view());
        let mean = |first: usize| {
            let of = |view: usize| second_of(scores[[view, first]], scores[[view, first + 1]]);
            (of(0) + of(1)) / 2.0
        };
        Visibility { mouth: mean(0), eyes: mean(2) }
    }
}

/// The second of two scores after a softmax; 0 if they are no numbers.
fn second_of(first: f32, second: f32) -> f32 {
    let share = 1.0 / (1.0 + (first - second).exp());
    if share.is_finite() { share } else { 0.0 }
}

/// The network's input for a face crop: each value the mean of four.
///
/// # Shapes
/// `(3, 96, 96)` to `(3, 48, 48)`.
///
/// # Panics
/// On another shape.
#[must_use]
pub fn half_size(crop: ArrayView3<'_, f32>) -> Array3<f32> {
    assert_eq!(crop.dim(), (3, INPUT_SIZE, INPUT_SIZE), "a face crop");
    Array3::from_shape_fn((3, VISIBILITY_SIZE, VISIBILITY_SIZE), |(channel, row, column)| {
        let at = |down, right| crop[[channel, 2 * row + down, 2 * column + right]];
        (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4.0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_halved_crop_holds_means_of_four() {
        let crop = Array3::from_shape_fn((3, INPUT_SIZE, INPUT_SIZE), |(c, y, x)| {
            (100 * c + 10 * (y % 4) + x % 4) as f32
        });
        let half = half_size(crop.view());
        assert_eq!(half.dim(), (3, VISIBILITY_SIZE, VISIBILITY_SIZE));
        assert_eq!(half[[2, 1, 1]], 200.0 + 25.0 + 2.5);
    }

    #[test]
    fn scores_that_are_no_numbers_see_nothing() {
        assert_eq!(second_of(f32::NAN, 1.0), 0.0);
        assert_eq!(second_of(3.0, 3.0), 0.5);
    }
}
