//! Batch normalization of small planes.
//!
//! A plane of a few values is little work for vectors. Here the channels of a task, which are
//! adjacent in each image, are one line: the lines of all images are added value by value, and
//! the parameters of a channel are repeated for each of its values.

use ndarray::{ArrayView4, ArrayViewMut4, Axis};

use super::backward::Channel;
use super::{BatchNormTrain, inverse_deviation};
use crate::kernels::planes::line_values;
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::{SimdOp, Vector, dispatch, vectorize};
use crate::kernels::sums::sum;
use crate::{Activation, Element, level};

/// Planes with fewer values are small.
pub(super) const SMALL: usize = 256;
/// Lines that are added before their sums are added in `f64`.
const GROUP: usize = 32;

/// Normalizes the channels from `first` on and returns mean, variance and inverse deviation of
/// each.
///
/// # Shapes
/// `sources`, `targets`: N × the channels × H × W; the channels of an image are contiguous.
pub(super) fn normalize<T: Element>(
    first: usize,
    parameters: &BatchNormTrain<'_, T>,
    sources: &ArrayView4<'_, T>,
    targets: &mut ArrayViewMut4<'_, T>,
) -> Vec<[T; 3]> {
    let (n, channels, h, w) = sources.dim();
    let plane = h * w;
    let count = (n * plane) as f64;
    with_scratch([channels * plane; 4], |[sums, means, factors, shifts]| {
        let lines = || sources.axis_iter(Axis(0)).map(line_values);
        let totals = add_lines(lines(), [&mut *sums], plane, |line, [sums]| {
            vectorize(|| sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += *value));
        });
        let channel_means: Vec<_> =
            totals.iter().map(|[total]| T::from_f64(total / count)).collect();
        repeat(means, plane, |channel| channel_means[channel]);
        let means = &*means;
        let squares = add_lines(lines(), [sums], plane, |line, [sums]| {
            vectorize(|| {
                for ((sum, value), mean) in sums.iter_mut().zip(line).zip(means) {
                    *sum += (*value - *mean) * (*value - *mean);
                }
            });
        });
        let statistics: Vec<_> = squares
            .iter()
            .zip(channel_means)
            .map(|([squares], mean)| {
                let variance = squares / count;
                let inverse = inverse_deviation(variance, parameters.epsilon);
                [mean, T::from_f64(variance), T::from_f64(inverse)]
            })
            .collect();
        let affine = |channel: usize| {
            let [mean, _, inverse] = statistics[channel];
            parameters.affine(first + channel, mean, inverse)
        };
        repeat(factors, plane, |channel| affine(channel).factor);
        repeat(shifts, plane, |channel| affine(channel).shift);
        let repeated = Repeated { means, factors, shifts, activation: parameters.activation };
        for (source, target) in lines().zip(targets.axis_iter_mut(Axis(0))) {
            let Some(target) = target.into_slice() else {
                unreachable!("the channels of an image are contiguous")
            };
            dispatch(level::active(), Apply { repeated, source, target });
        }
        statistics
    })
}

/// Replaces the gradients of the outputs of some channels by those of their inputs. The
/// channels have no sums yet, and get them.
///
/// # Shapes
/// As [`normalize`].
pub(super) fn differentiate<T: Element>(
    channels: &mut [Channel<T>],
    inputs: &ArrayView4<'_, T>,
    gradients: &mut ArrayViewMut4<'_, T>,
) {
    let (n, _, h, w) = inputs.dim();
    let plane = h * w;
    let Some(activation) = channels.first().map(|channel| channel.activation) else { return };
    with_scratch([channels.len() * plane; 5], |[means, factors, shifts, first, second]| {
        repeat(means, plane, |channel| channels[channel].affine.mean);
        repeat(factors, plane, |channel| channels[channel].affine.factor);
        repeat(shifts, plane, |channel| channels[channel].affine.shift);
        let repeated = Repeated { means, factors, shifts, activation };
        let lines = inputs.axis_iter(Axis(0)).map(line_values);
        let pairs = lines.zip(gradients.axis_iter(Axis(0)).map(line_values));
        let totals =
            add_lines(pairs, [&mut *first, &mut *second], plane, |(inputs, gradients), sums| {
                dispatch(level::active(), Sums { repeated, inputs, gradients, sums });
            });
        for (channel, totals) in channels.iter_mut().zip(totals) {
            channel.set_sums(totals, n * plane);
        }
        repeat(first, plane, |channel| channels[channel].means[0]);
        repeat(second, plane, |channel| channels[channel].means[1]);
        let means = [&*first, &*second];
        let lines = inputs.axis_iter(Axis(0)).map(line_values);
        for (inputs, gradients) in lines.zip(gradients.axis_iter_mut(Axis(0))) {
            let Some(gradients) = gradients.into_slice() else {
                unreachable!("the channels of an image are contiguous")
            };
            dispatch(level::active(), Differentiate { repeated, means, inputs, gradients });
        }
    });
}

/// Adds lines with `add` and returns the sums of each channel, whose planes have `plane`
/// values.
fn add_lines<T: Element, L, const S: usize>(
    lines: impl Iterator<Item = L>,
    sums: [&mut [T]; S],
    plane: usize,
    mut add: impl FnMut(L, &mut [&mut [T]; S]),
) -> Vec<[f64; S]> {
    let mut sums = sums;
    let channels = sums.first().map_or(0, |sums| sums.len() / plane);
    let mut totals = vec![[0.0; S]; channels];
    let mut lines = lines.peekable();
    while lines.peek().is_some() {
        sums.iter_mut().for_each(|sums| sums.fill(T::zero()));
        lines.by_ref().take(GROUP).for_each(|line| add(line, &mut sums));
        for (which, sums) in sums.iter().enumerate() {
            for (total, sums) in totals.iter_mut().zip(sums.chunks_exact(plane)) {
                total[which] += vectorize(|| sum(sums, |value| value)).into_f64();
            }
        }
    }
    totals
}

/// Writes a value of each channel as often as its planes have values.
fn repeat<T: Copy>(target: &mut [T], plane: usize, value: impl Fn(usize) -> T) {
    for (channel, target) in target.chunks_exact_mut(plane).enumerate() {
        target.fill(value(channel));
    }
}

/// The affine map of each value of a line, and what follows it.
#[derive(Clone, Copy)]
struct Repeated<'a, T> {
    means: &'a [T],
    factors: &'a [T],
    shifts: &'a [T],
    activation: Activation,
}

impl<'a, T: Element> Repeated<'a, T> {
    /// The first values of all.
    #[inline(always)]
    fn of(&self, length: usize) -> [&'a [T]; 3] {
        [&self.means[..length], &self.factors[..length], &self.shifts[..length]]
    }
}

/// Normalizes a line.
struct Apply<'a, T> {
    repeated: Repeated<'a, T>,
    source: &'a [T],
    target: &'a mut [T],
}

impl<T: Element> SimdOp for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let length = self.target.len();
        let (source, [means, factors, shifts]) = (&self.source[..length], self.repeated.of(length));
        for i in 0..length {
            let value = (source[i] - means[i]) * factors[i] + shifts[i];
            self.target[i] = self.repeated.activation.of(value);
        }
    }
}

/// Adds a line of gradients before the activation, and of their products with the centered
/// inputs.
struct Sums<'a, 'b, T> {
    repeated: Repeated<'a, T>,
    inputs: &'a [T],
    gradients: &'a [T],
    sums: &'a mut [&'b mut [T]; 2],
}

impl<T: Element> SimdOp for Sums<'_, '_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let length = self.inputs.len();
        let gradients = &self.gradients[..length];
        let [means, factors, shifts] = self.repeated.of(length);
        let [first, second] = self.sums;
        let (first, second) = (&mut first[..length], &mut second[..length]);
        let is_relu = self.repeated.activation == Activation::Relu;
        for i in 0..length {
            let centered = self.inputs[i] - means[i];
            let is_off = is_relu & (centered * factors[i] + shifts[i] <= T::zero());
            let gradient = if is_off { T::zero() } else { gradients[i] };
            first[i] += gradient;
            second[i] += gradient * centered;
        }
    }
}

/// Replaces a line of gradients.
struct Differentiate<'a, T> {
    repeated: Repeated<'a, T>,
    /// Those of [`Channel`], repeated.
    means: [&'a [T]; 2],
    inputs: &'a [T],
    gradients: &'a mut [T],
}

impl<T: Element> SimdOp for Differentiate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let length = self.gradients.len();
        let inputs = &self.inputs[..length];
        let [means, factors, shifts] = self.repeated.of(length);
        let [first, second] = self.means.map(|means| &means[..length]);
        let is_relu = self.repeated.activation == Activation::Relu;
        for i in 0..length {
            let centered = inputs[i] - means[i];
            let is_off = is_relu & (centered * factors[i] + shifts[i] <= T::zero());
            let gradient = if is_off { T::zero() } else { self.gradients[i] };
            self.gradients[i] = factors[i] * (gradient - first[i] - centered * second[i]);
        }
    }
}
