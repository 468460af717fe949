//! Normalizations: rows to unit length, local response normalization, and in `batch_norm.rs`
//! batch normalization.

mod batch_norm;

use std::ops::Range;

use ndarray::{Array2, Array4, ArrayView2, ArrayView4, Axis};
use rayon::prelude::*;

use crate::Element;
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::vectorize;

pub use batch_norm::{
    BatchNorm, BatchNormTrain, BatchStatistics, batch_norm, batch_norm_backward_in_place,
    batch_norm_train, batch_norm_train_into,
};

/// `x / sqrt(max(Σ x², epsilon))` for each row.
///
/// This is Keras' `K.l2_normalize`, which takes `epsilon` 1e-12; a zero row stays zero.
///
/// # Shapes
/// `input`: N × I. Returns N × I.
pub fn l2_normalize<T: Element>(input: ArrayView2<'_, T>, epsilon: f64) -> Array2<T> {
    let mut output = input.as_standard_layout().into_owned();
    for mut row in output.rows_mut() {
        let scale = inverse_length(sum_of_squares(row.iter().copied()), epsilon);
        row.mapv_inplace(|value| value * scale);
    }
    output
}

/// Derivative of [`l2_normalize`]. With `r = sqrt(Σ x²)`, `y = x / r` and gradient `g`,
/// it is `(g - y (y · g)) / r`; where `Σ x² < epsilon` the length is a constant and
/// it is `g / sqrt(epsilon)`. At equality, where the derivative jumps, it is the first.
///
/// # Shapes
/// `input`, `grad_output`: N × I. Returns N × I.
///
/// # Panics
/// If the shapes differ.
pub fn l2_normalize_backward<T: Element>(
    input: ArrayView2<'_, T>,
    grad_output: ArrayView2<'_, T>,
    epsilon: f64,
) -> Array2<T> {
    assert_eq!(
        input.dim(),
        grad_output.dim(),
        "l2_normalize_backward: input is {:?}, gradient is {:?}",
        input.dim(),
        grad_output.dim()
    );
    let mut gradient = grad_output.as_standard_layout().into_owned();
    for (mut gradient, input) in gradient.rows_mut().into_iter().zip(input.rows()) {
        let squares = sum_of_squares(input.iter().copied());
        let scale = inverse_length(squares, epsilon);
        let mut along = T::zero();
        if !is_clamped(squares, epsilon) {
            for (gradient, value) in gradient.iter().zip(input) {
                along += *gradient * *value;
            }
            along *= scale * scale;
        }
        gradient.zip_mut_with(&input, |gradient, value| {
            *gradient = (*gradient - *value * along) * scale;
        });
    }
    gradient
}

/// `Σ x²`, in the order of the values.
fn sum_of_squares<T: Element>(values: impl Iterator<Item = T>) -> T {
    values.fold(T::zero(), |sum, value| sum + value * value)
}

/// Whether epsilon replaces the sum; not if it is NaN, which must propagate.
fn is_clamped<T: Element>(squares: T, epsilon: f64) -> bool {
    squares < T::from_f64(epsilon)
}

/// `1 / sqrt(max(squares, epsilon))`.
fn inverse_length<T: Element>(squares: T, epsilon: f64) -> T {
    let squares = if is_clamped(squares, epsilon) { T::from_f64(epsilon) } else { squares };
    T::one() / squares.sqrt()
}

/// Window and constants of local response normalization.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalResponseNormOptions {
    /// Channels of the window, which is centered on the channel that is normalized.
    pub size: usize,
    /// Factor of the mean square.
    pub alpha: f64,
    /// Exponent.
    pub beta: f64,
    /// Summand.
    pub k: f64,
}

impl Default for LocalResponseNormOptions {
    /// Those of Torch and OpenFace: size 5, alpha 1e-4, beta 0.75, k 1.
    fn default() -> Self {
        Self { size: 5, alpha: 1e-4, beta: 0.75, k: 1.0 }
    }
}

impl LocalResponseNormOptions {
    /// Channels of the window around `channel`, clipped to `channels`.
    ///
    /// Half of `size` (rounded down) is below, the rest above.
    pub(crate) fn window(self, channel: usize, channels: usize) -> Range<usize> {
        let below = self.size / 2;
        let start = channel.saturating_sub(below);
        let end = (channel + self.size - below).min(channels);
        start..end
    }

    /// The channels whose windows contain `channel`.
    pub(crate) fn holders(self, channel: usize, channels: usize) -> Range<usize> {
        let below = self.size / 2;
        let start = (channel + below + 1).saturating_sub(self.size);
        let end = (channel + below + 1).min(channels);
        start..end
    }
}

/// `x / (k + alpha / size · Σ x²)^beta`, the sum over a window of `size` channels.
///
/// Channels that do not exist count as zeros; `size` is the divisor even then (as in
/// Torch's `SpatialCrossMapLRN`).
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × H × W.
///
/// # Panics
/// If `size` is zero.
pub fn local_response_norm<T: Element>(
    input: ArrayView4<'_, T>,
    options: LocalResponseNormOptions,
) -> Array4<T> {
    let (_, c, h, w) = input.dim();
    assert!(options.size > 0, "local_response_norm: size is {}, least is 1", options.size);
    let LocalResponseNormOptions { size, alpha, beta, k } = options;
    let [factor, beta, k] = [alpha / size as f64, beta, k].map(T::from_f64);
    let mut output = input.as_standard_layout().into_owned();
    if output.is_empty() {
        return output;
    }
    let hw = h * w;
    output.axis_iter_mut(Axis(0)).into_par_iter().for_each(|mut image| {
        let Some(values) = image.as_slice_mut() else {
            unreachable!("an image of a standard layout is contiguous")
        };
        with_scratch([values.len(), hw], |[squares, sums]| {
            vectorize(|| {
                square(values, squares);
                for (channel, plane) in values.chunks_exact_mut(hw).enumerate() {
                    sum_planes(squares, options.window(channel, c), sums);
                    for (value, sum) in plane.iter_mut().zip(&*sums) {
                        *value *= power(k + factor * *sum, -beta);
                    }
                }
            });
        });
    });
    output
}

/// Derivative of [`local_response_norm`]. With `s` the bracket of the formula and gradient `g`:
///
/// `g[c] s[c]^-beta - 2 alpha / size · beta · x[c] Σ g[i] x[i] s[i]^(-beta - 1)`,
///
/// the sum over the channels `i` whose windows contain `c`. Defined where `s` is
/// positive, which `k > 0` and `alpha >= 0` ensure.
///
/// # Shapes
/// `input`, `grad_output`: N × C × H × W. Returns N × C × H × W.
///
/// # Panics
/// If `size` is zero or the shapes differ.
pub fn local_response_norm_backward<T: Element>(
    input: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    options: LocalResponseNormOptions,
) -> Array4<T> {
    let (_, c, h, w) = input.dim();
    assert_eq!(
        input.dim(),
        grad_output.dim(),
        "local_response_norm_backward: input is {:?}, gradient is {:?}",
        input.dim(),
        grad_output.dim()
    );
    let LocalResponseNormOptions { size, alpha, beta, k } = options;
    assert!(size > 0, "local_response_norm_backward: size is {size}, least is 1");
    let factor = T::from_f64(alpha / size as f64);
    let outer = T::from_f64(-2.0 * alpha / size as f64 * beta);
    let [beta, k] = [beta, k].map(T::from_f64);
    let input = input.as_standard_layout();
    let mut gradient = grad_output.as_standard_layout().into_owned();
    if gradient.is_empty() {
        return gradient;
    }
    let hw = h * w;
    gradient.axis_iter_mut(Axis(0)).into_par_iter().zip(input.axis_iter(Axis(0))).for_each(
        |(mut gradient, image)| {
            let (Some(gradients), Some(values)) = (gradient.as_slice_mut(), image.to_slice())
            else {
                unreachable!("an image of a standard layout is contiguous")
            };
            with_scratch([c * hw, c * hw, hw], |[squares, inner, sums]| {
                vectorize(|| {
                    square(values, squares);
                    // For each channel, g s^-beta replaces the gradient, and `inner` becomes
                    // g x s^(-beta - 1).
                    for channel in 0..c {
                        let plane = channel * hw..(channel + 1) * hw;
                        sum_planes(squares, options.window(channel, c), sums);
                        let inner = inner[plane.clone()].iter_mut();
                        let own = gradients[plane.clone()].iter_mut().zip(&values[plane]);
                        for (((gradient, value), inner), sum) in own.zip(inner).zip(&*sums) {
                            let base = k + factor * *sum;
                            *gradient *= power(base, -beta);
                            *inner = *gradient * *value / base;
                        }
                    }
                    for channel in 0..c {
                        let plane = channel * hw..(channel + 1) * hw;
                        sum_planes(inner, options.holders(channel, c), sums);
                        let own = gradients[plane.clone()].iter_mut().zip(&values[plane]);
                        for ((gradient, value), sum) in own.zip(&*sums) {
                            *gradient += outer * *value * *sum;
                        }
                    }
                });
            });
        },
    );
    gradient
}

/// `squares ← values²`.
#[inline(always)]
fn square<T: Element>(values: &[T], squares: &mut [T]) {
    for (square, value) in squares.iter_mut().zip(values) {
        *square = *value * *value;
    }
}

/// `sums ← Σ planes[channels]`.
#[inline(always)]
fn sum_planes<T: Element>(planes: &[T], channels: Range<usize>, sums: &mut [T]) {
    let length = sums.len();
    sums.fill(T::zero());
    for channel in channels {
        for (sum, value) in sums.iter_mut().zip(&planes[channel * length..][..length]) {
            *sum += *value;
        }
    }
}

/// `base` to the power of `exponent`, with roots in place of `powf` for ±0.75.
#[inline(always)]
fn power<T: Element>(base: T, exponent: T) -> T {
    if exponent == T::from_f64(-0.75) {
        let root = base.sqrt();
        T::one() / (root * root.sqrt())
    } else {
        base.powf(exponent)
    }
}
