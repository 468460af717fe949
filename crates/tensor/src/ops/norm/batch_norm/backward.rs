//! Derivative of batch normalization in training, optionally fused with ReLU.

use ndarray::{Array1, ArrayView3, ArrayView4, ArrayViewMut3, ArrayViewMut4, Axis};
use rayon::prelude::*;

use super::{Affine, BatchNormTrain, BatchStatistics, channel_block};
use crate::kernels::planes::{channel_planes, plane_values};
use crate::kernels::simd::{SimdOp, Vector, dispatch};
use crate::kernels::sums::sum2;
use crate::{Activation, Element, level};

/// Derivatives of [`batch_norm_train`](super::batch_norm_train()): replaces the gradient of the
/// output by that of the input and returns the gradients of scale and shift.
///
/// With `x̂ = (x - mean) / deviation`, `M = N H W` and `g` the gradient before the
/// activation: `Σ g` for the shift, `Σ g x̂` for the scale, and
/// `scale / deviation · (g - Σ g / M - x̂ Σ g x̂ / M)` for the input, because mean and
/// variance depend on it, too. With ReLU, `g` is the gradient where the output is
/// positive and zero elsewhere, also at zero, where the derivative is undefined.
///
/// # Shapes
/// `input`, `gradient`: N × C × H × W, planes of `gradient` contiguous; statistics as
/// `batch_norm_train` returned them. Returns C values each.
///
/// # Panics
/// If the shapes differ or a plane is not contiguous.
pub fn batch_norm_backward_in_place<T: Element>(
    input: ArrayView4<'_, T>,
    mut gradient: ArrayViewMut4<'_, T>,
    parameters: &BatchNormTrain<'_, T>,
    statistics: &BatchStatistics<T>,
) -> [Array1<T>; 2] {
    let (_, c, h, w) = input.dim();
    parameters.check(NAME, c);
    assert_eq!(
        input.dim(),
        gradient.dim(),
        "{NAME}: input is {:?}, gradient is {:?}",
        input.dim(),
        gradient.dim()
    );
    for values in [&statistics.mean, &statistics.inverse_deviation] {
        let channels = values.len();
        assert_eq!(channels, c, "{NAME}: statistics of {channels} channels, input has {c}");
    }
    let input = input.as_standard_layout();
    let block = channel_block::<T>(c, h * w);
    let sums: Vec<[T; 2]> = gradient
        .axis_chunks_iter_mut(Axis(1), block)
        .into_par_iter()
        .zip(input.axis_chunks_iter(Axis(1), block))
        .enumerate()
        .flat_map_iter(|(index, (mut gradients, inputs))| {
            let mut channels: Vec<_> = (0..gradients.len_of(Axis(1)))
                .map(|offset| Channel::new(index * block + offset, parameters, statistics))
                .collect();
            for (offset, channel) in channels.iter_mut().enumerate() {
                let gradients = gradients.index_axis_mut(Axis(1), offset);
                channel.sum(inputs.index_axis(Axis(1), offset), gradients);
            }
            for (mut gradients, inputs) in gradients.outer_iter_mut().zip(inputs.outer_iter()) {
                let planes = gradients.outer_iter_mut().zip(inputs.outer_iter());
                for ((gradients, inputs), channel) in planes.zip(&channels) {
                    let Some(inputs) = inputs.to_slice() else {
                        unreachable!("a plane of a standard layout is contiguous")
                    };
                    channel.apply(inputs, plane_values(NAME, gradients));
                }
            }
            channels.into_iter().map(|channel| channel.sums)
        })
        .collect();
    [1, 0].map(|which| sums.iter().map(|sums| sums[which]).collect())
}

const NAME: &str = "batch_norm_backward";

/// The values that the gradient of one channel depends on.
#[derive(Clone, Copy)]
struct Channel<T> {
    affine: Affine<T>,
    inverse: T,
    activation: Activation,
    /// `Σ g` and `Σ g x̂`.
    sums: [T; 2],
    /// `Σ g / M` and `Σ g x̂ / M / deviation`.
    means: [T; 2],
}

impl<T: Element> Channel<T> {
    /// Without sums.
    fn new(
        channel: usize,
        parameters: &BatchNormTrain<'_, T>,
        statistics: &BatchStatistics<T>,
    ) -> Self {
        let mean = statistics.mean[channel];
        let inverse = statistics.inverse_deviation[channel];
        Self {
            affine: parameters.affine(channel, mean, inverse),
            inverse,
            activation: parameters.activation,
            sums: [T::zero(); 2],
            means: [T::zero(); 2],
        }
    }

    /// Computes the sums of a channel, plane by plane in `f64`.
    fn sum(&mut self, inputs: ArrayView3<'_, T>, mut gradients: ArrayViewMut3<'_, T>) {
        let mut totals = [0.0; 2];
        for (inputs, gradients) in channel_planes(inputs).zip(gradients.outer_iter_mut()) {
            let plane =
                PlaneSums { channel: self, inputs, gradients: plane_values(NAME, gradients) };
            let sums = dispatch(level::active(), plane);
            totals = [0, 1].map(|i| totals[i] + sums[i].into_f64());
        }
        self.set_sums(totals, inputs.len());
    }

    /// Takes the sums of `g` and of `g (x - mean)` over `count` values.
    fn set_sums(&mut self, totals: [f64; 2], count: usize) {
        let count = T::from_f64(count as f64);
        self.sums = [T::from_f64(totals[0]), T::from_f64(totals[1]) * self.inverse];
        self.means = [self.sums[0] / count, self.sums[1] / count * self.inverse];
    }

    /// Replaces the gradients of a plane of outputs by those of its inputs.
    fn apply(&self, inputs: &[T], gradients: &mut [T]) {
        dispatch(level::active(), PlaneGradients { channel: self, inputs, gradients });
    }

    /// The gradient before the activation: zero where ReLU is zero.
    #[inline(always)]
    fn gate(&self, value: T, gradient: T) -> T {
        match self.activation {
            Activation::None => gradient,
            Activation::Relu if self.affine.of(value) <= T::zero() => T::zero(),
            Activation::Relu => gradient,
        }
    }
}

/// The sums of a plane. (A closure of this size might not be inlined into the code for this
/// machine's vectors.)
struct PlaneSums<'a, T> {
    channel: &'a Channel<T>,
    inputs: &'a [T],
    gradients: &'a [T],
}

impl<T: Element> SimdOp for PlaneSums<'_, T> {
    type Output = [T; 2];

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) -> [T; 2] {
        let channel = *self.channel;
        sum2(self.inputs, self.gradients, |value, gradient| {
            let gradient = channel.gate(value, gradient);
            [gradient, gradient * (value - channel.affine.mean)]
        })
    }
}

/// The gradients of a plane of inputs, in the place of those of its outputs.
struct PlaneGradients<'a, T> {
    channel: &'a Channel<T>,
    inputs: &'a [T],
    gradients: &'a mut [T],
}

impl<T: Element> SimdOp for PlaneGradients<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        // A copy: behind the reference its values might change with each gradient that is
        // written, for all that the compiler knows, and nothing would be vectorized.
        let channel = *self.channel;
        for (gradient, value) in self.gradients.iter_mut().zip(self.inputs) {
            let centered = *value - channel.affine.mean;
            let own = channel.gate(*value, *gradient);
            let own = own - channel.means[0] - centered * channel.means[1];
            *gradient = channel.affine.factor * own;
        }
    }
}
