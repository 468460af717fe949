//! Batch normalization: with fixed statistics, as in inference, and with those of the batch,
//! as in training. The derivative of the latter is in `backward.rs`.
//!
//! A task of training is a few channels: their values stay in the second-level cache while
//! mean, variance and output are computed, so memory is read once.

mod backward;

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, ArrayViewMut4, Axis};
use rayon::prelude::*;

use crate::kernels::planes::{channel_planes, expect_shape, plane_values};
use crate::kernels::simd::vectorize;
use crate::kernels::sums::sum;
use crate::{Activation, Element};

pub use backward::batch_norm_backward_in_place;

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

/// The parameters of batch normalization in training.
#[derive(Clone, Copy, Debug)]
pub struct BatchNormTrain<'a, T> {
    /// Factor after normalization (γ), C values.
    pub scale: ArrayView1<'a, T>,
    /// Summand after normalization (β), C values.
    pub shift: ArrayView1<'a, T>,
    /// Added to the variance before the root.
    pub epsilon: f64,
    /// Applied to each output in the same pass.
    pub activation: Activation,
}

/// Statistics of a batch, a value for each channel.
#[derive(Clone, Debug)]
pub struct BatchStatistics<T> {
    /// Mean over N, H and W.
    pub mean: Array1<T>,
    /// Variance over N, H and W, divided by N H W (the biased estimate).
    pub variance: Array1<T>,
    /// `1 / sqrt(variance + epsilon)`.
    pub inverse_deviation: Array1<T>,
}

/// `activation((x - mean) / sqrt(variance + epsilon) * scale + shift)` for each
/// channel, mean and variance taken over N, H and W of this batch.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × H × W and C values of each statistic.
///
/// # Panics
/// If a parameter does not have C values, or N H W is zero.
///
/// # Examples
///
/// ```
/// use ndarray::array;
/// use tensor::Activation;
/// use tensor::ops::{BatchNormTrain, batch_norm_train};
///
/// let (one, zero) = (array![1.0], array![0.0]);
/// let parameters = BatchNormTrain {
///     scale: one.view(),
///     shift: zero.view(),
///     epsilon: 0.0,
///     activation: Activation::Relu,
/// };
/// let (output, statistics) = batch_norm_train(array![[[[2.0, 6.0]]]].view(), &parameters);
/// assert_eq!(output, array![[[[0.0, 1.0]]]]);
/// assert_eq!((statistics.mean[0], statistics.variance[0]), (4.0, 4.0));
/// ```
pub fn batch_norm_train<T: Element>(
    input: ArrayView4<'_, T>,
    parameters: &BatchNormTrain<'_, T>,
) -> (Array4<T>, BatchStatistics<T>) {
    let mut output = Array4::zeros(input.dim());
    let statistics = batch_norm_train_into(input, parameters, output.view_mut());
    (output, statistics)
}

/// [`batch_norm_train`] into an existing array, overwriting it.
///
/// # Shapes
/// `input` and `output`: N × C × H × W; planes of `output` contiguous.
///
/// # Panics
/// As [`batch_norm_train`], and if `output` has another shape or layout.
pub fn batch_norm_train_into<T: Element>(
    input: ArrayView4<'_, T>,
    parameters: &BatchNormTrain<'_, T>,
    mut output: ArrayViewMut4<'_, T>,
) -> BatchStatistics<T> {
    let (n, c, h, w) = input.dim();
    parameters.check("batch_norm_train", c);
    expect_shape("batch_norm_train", output.dim(), input.dim());
    let count = n * h * w;
    assert!(count > 0, "batch_norm_train: no values, the input is {n} x {c} x {h} x {w}");
    let input = input.as_standard_layout();
    let block = channel_block::<T>(c, h * w);
    let statistics: Vec<[T; 3]> = output
        .axis_chunks_iter_mut(Axis(1), block)
        .into_par_iter()
        .zip(input.axis_chunks_iter(Axis(1), block))
        .enumerate()
        .flat_map_iter(|(index, (mut targets, sources))| {
            let statistics = sources
                .axis_iter(Axis(1))
                .map(|channel| statistics(|| channel_planes(channel), count, parameters.epsilon))
                .collect::<Vec<_>>();
            for (mut image, source) in targets.outer_iter_mut().zip(sources.outer_iter()) {
                let channels = image.outer_iter_mut().zip(source.outer_iter()).zip(&statistics);
                for (offset, ((target, source), statistics)) in channels.enumerate() {
                    let [mean, _, inverse] = *statistics;
                    let affine = parameters.affine(index * block + offset, mean, inverse);
                    let target = plane_values("batch_norm_train", target);
                    let Some(source) = source.to_slice() else {
                        unreachable!("a plane of a standard layout is contiguous")
                    };
                    vectorize(|| {
                        for (target, value) in target.iter_mut().zip(source) {
                            *target = parameters.activation.of(affine.of(*value));
                        }
                    });
                }
            }
            statistics
        })
        .collect();
    let statistic = |which: usize| statistics.iter().map(|values| values[which]).collect();
    BatchStatistics { mean: statistic(0), variance: statistic(1), inverse_deviation: statistic(2) }
}

/// `(x - mean) * factor + shift`, by the same operations forward and backward, so that both
/// find the same sign.
#[derive(Clone, Copy)]
pub(super) struct Affine<T> {
    pub(super) mean: T,
    pub(super) factor: T,
    pub(super) shift: T,
}

impl<T: Element> Affine<T> {
    #[inline(always)]
    pub(super) fn of(&self, value: T) -> T {
        (value - self.mean) * self.factor + self.shift
    }
}

impl<T: Element> BatchNormTrain<'_, T> {
    /// Panics unless a parameter has a value for each channel.
    pub(super) fn check(&self, name: &str, channels: usize) {
        for (parameter, values) in [("scale", self.scale), ("shift", self.shift)] {
            assert_eq!(
                values.len(),
                channels,
                "{name}: {parameter} has {} values, input has {channels} channels",
                values.len()
            );
        }
    }

    /// The affine map of one channel.
    pub(super) fn affine(&self, channel: usize, mean: T, inverse: T) -> Affine<T> {
        Affine { mean, factor: self.scale[channel] * inverse, shift: self.shift[channel] }
    }
}

/// Channels of one task: at least a page of each image, so that tasks do not write to the
/// same cache lines.
pub(super) fn channel_block<T>(channels: usize, plane: usize) -> usize {
    let page = 4096 / size_of::<T>();
    page.div_ceil(plane.max(1)).clamp(1, channels.max(1))
}

/// Mean, variance and inverse deviation of one channel.
///
/// The variance is computed from the differences to the mean in a second pass, because the
/// mean of squares less the square of the mean would cancel. Planes are added in `f64`.
fn statistics<'a, T: Element, P: Iterator<Item = &'a [T]>>(
    planes: impl Fn() -> P,
    count: usize,
    epsilon: f64,
) -> [T; 3] {
    let total: f64 = planes().map(|plane| vectorize(|| sum(plane, |value| value)).into_f64()).sum();
    let mean = T::from_f64(total / count as f64);
    let squares: f64 =
        planes().map(|plane| sum(plane, |value| (value - mean) * (value - mean)).into_f64()).sum();
    let variance = squares / count as f64;
    [mean, T::from_f64(variance), T::from_f64(1.0 / (variance + epsilon).sqrt())]
}
