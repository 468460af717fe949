//! Batch normalization: here with fixed statistics, as in inference; in `train.rs`
//! with those of the batch; in `backward.rs` the derivative of the latter.

mod backward;
mod train;

use ndarray::{Array4, ArrayView1, ArrayView4};
use rayon::prelude::*;

use crate::Element;
use crate::kernels::simd::vectorize;

pub use backward::{BatchNormGradient, batch_norm_backward, batch_norm_backward_in_place};
pub use train::{BatchNormTrain, BatchStatistics, batch_norm_train, batch_norm_train_into};

/// The parameters of batch normalization with fixed statistics, a value for each channel.
#[derive(Clone, Copy, Debug)]
pub struct BatchNorm<'a, T> {
    /// Factor after normalization (γ).
    pub scale: ArrayView1<'a, T>,
    /// Summand after normalization (β).
    pub shift: ArrayView1<'a, T>,
    /// Mean to subtract.
    pub mean: ArrayView1<'a, T>,
    /// Variance to divide by.
    pub variance: ArrayView1<'a, T>,
    /// Added to the variance before the root.
    pub epsilon: f64,
}

/// `(x - mean) / sqrt(variance + epsilon) * scale + shift` for each channel.
///
/// # Shapes
/// `input`: N × C × H × W; each parameter: C. Returns N × C × H × W.
///
/// # Panics
/// If a parameter does not have C values.
pub fn batch_norm<T: Element>(
    input: ArrayView4<'_, T>,
    parameters: &BatchNorm<'_, T>,
) -> Array4<T> {
    let (_, c, h, w) = input.dim();
    let factors = parameters.factors(c);
    let mut output = input.as_standard_layout().into_owned();
    let Some(values) = output.as_slice_mut() else { unreachable!("standard layout is contiguous") };
    if values.is_empty() {
        return output;
    }
    values.par_chunks_exact_mut(h * w).with_min_len(CHUNK.div_ceil(h * w)).enumerate().for_each(
        |(plane, values)| {
            let (factor, summand) = factors[plane % c];
            vectorize(|| values.iter_mut().for_each(|value| *value = *value * factor + summand));
        },
    );
    output
}

/// Fewest values that are worth a task.
const CHUNK: usize = 1 << 14;

impl<T: Element> BatchNorm<'_, T> {
    /// Factor and summand of each channel: normalization is affine.
    fn factors(&self, channels: usize) -> Vec<(T, T)> {
        let parameters = [
            ("scale", self.scale),
            ("shift", self.shift),
            ("mean", self.mean),
            ("variance", self.variance),
        ];
        for (name, values) in parameters {
            assert_eq!(
                values.len(),
                channels,
                "batch_norm: {name} has {} values, input has {channels} channels",
                values.len()
            );
        }
        let epsilon = T::from_f64(self.epsilon);
        (0..channels)
            .map(|c| {
                let factor = self.scale[c] / (self.variance[c] + epsilon).sqrt();
                (factor, self.shift[c] - self.mean[c] * factor)
            })
            .collect()
    }
}
