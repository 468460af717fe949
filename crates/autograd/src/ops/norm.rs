//! Normalizations: batch_norm, batch_norm_train, l2_normalize, local_response_norm.

mod statistics;

use ndarray::{ArcArray1, Array1, Array4, ArrayView4, Axis, Ix1, Ix2, Ix4, Zip};
use tensor::ops::{self, BatchNorm, BatchNormTrain, LocalResponseNormOptions};
use tensor::{Activation, Element};

use crate::Var;
use crate::axes::{fixed, fixed_standard};

pub use statistics::{BatchMoments, RunningStatistics};

impl<T: Element> Var<T> {
    /// `(x - mean) / sqrt(variance + epsilon) · scale + shift` with mean and variance of
    /// each channel over this batch; see [`ops::batch_norm_train`](tensor::ops::batch_norm_train()).
    ///
    /// Derivative: mean and variance depend on the input, so
    /// `scale / deviation · (g - Σ g / M - x̂ Σ g x̂ / M)` over the M = N H W values of a
    /// channel; `Σ g x̂` for the scale and `Σ g` for the shift. Defined everywhere if
    /// epsilon is positive.
    ///
    /// Also returns the batch's statistics, for [`RunningStatistics::update`](
    /// crate::RunningStatistics::update).
    ///
    /// # Shapes
    /// N × C × H × W; `scale`, `shift`: C. Returns N × C × H × W and C of each statistic.
    ///
    /// # Panics
    /// If an argument has another number of axes or channels, or N H W is zero.
    #[must_use]
    pub fn batch_norm_train(
        &self,
        scale: &Self,
        shift: &Self,
        epsilon: f64,
    ) -> (Self, BatchMoments<T>) {
        self.normalize_batch(scale, shift, epsilon, Activation::None)
    }

    /// [`batch_norm_train`](Self::batch_norm_train) and ReLU in one pass over memory,
    /// of which only the input is kept. The derivative at outputs of zero, where it is
    /// undefined, is taken as zero.
    ///
    /// # Shapes
    /// N × C × H × W; `scale`, `shift`: C. Returns N × C × H × W and C of each statistic.
    ///
    /// # Panics
    /// If an argument has another number of axes or channels, or N H W is zero.
    #[must_use]
    pub fn batch_norm_relu_train(
        &self,
        scale: &Self,
        shift: &Self,
        epsilon: f64,
    ) -> (Self, BatchMoments<T>) {
        self.normalize_batch(scale, shift, epsilon, Activation::Relu)
    }

    fn normalize_batch(
        &self,
        scale: &Self,
        shift: &Self,
        epsilon: f64,
        activation: Activation,
    ) -> (Self, BatchMoments<T>) {
        let input = self.expect::<Ix4>("batch_norm_train", "input");
        let (n, _, h, w) = input.dim();
        let affine = Affine {
            scale: scale.expect::<Ix1>("batch_norm_train", "scale"),
            shift: shift.expect::<Ix1>("batch_norm_train", "shift"),
            epsilon,
            activation,
        };
        let mut output = self.tape().take(input.raw_dim());
        let statistics =
            ops::batch_norm_train_into(input.view(), &affine.view(), output.view_mut());
        let output = self.tape().share(output);
        let count = (n * h * w) as f64;
        let unbiased = T::from_f64(count / (count - 1.0).max(1.0));
        let moments = BatchMoments {
            mean: statistics.mean.clone(),
            variance: statistics.variance.mapv(|variance| variance * unbiased),
        };
        let output = Self::record(&[self, scale, shift], output, move |gradient, parents| {
            let mut gradient = fixed_standard::<_, Ix4>(gradient);
            let [scale, shift] = ops::batch_norm_backward_in_place(
                input.view(),
                gradient.view_mut(),
                &affine.view(),
                &statistics,
            );
            parents.add(0, gradient);
            parents.add(1, scale);
            parents.add(2, shift);
        });
        (output, moments)
    }

    /// `(x - mean) / deviation · scale + shift`, with `deviation = sqrt(variance +
    /// epsilon)` and fixed statistics; see [`ops::batch_norm`](tensor::ops::batch_norm()).
    ///
    /// Derivative, with `g` the gradient of the output: `g scale / deviation` for the
    /// input, `Σ g (x - mean) / deviation` for the scale, `Σ g` for the shift. Defined
    /// everywhere if epsilon is positive. The statistics are constants.
    ///
    /// # Shapes
    /// N × C × H × W; `scale`, `shift` and each statistic: C. Returns N × C × H × W.
    ///
    /// # Panics
    /// If an argument has another number of axes or channels.
    #[must_use]
    pub fn batch_norm(
        &self,
        scale: &Self,
        shift: &Self,
        statistics: &RunningStatistics<T>,
        epsilon: f64,
    ) -> Self {
        let input = self.expect::<Ix4>("batch_norm", "input");
        let factor = scale.expect::<Ix1>("batch_norm", "scale");
        let summand = shift.expect::<Ix1>("batch_norm", "shift");
        let parameters = BatchNorm {
            scale: factor.view(),
            shift: summand.view(),
            mean: statistics.mean.view(),
            variance: statistics.variance.view(),
            epsilon,
        };
        let output = ops::batch_norm(input.view(), &parameters);
        let mean = statistics.mean.clone();
        let epsilon = T::from_f64(epsilon);
        let inverse = statistics.variance.mapv(|variance| T::one() / (variance + epsilon).sqrt());
        Self::record(&[self, scale, shift], output, move |gradient, parents| {
            let mut gradient = fixed::<_, Ix4>(gradient);
            if parents.wants(1) {
                parents.add(1, products(input.view(), gradient.view(), &mean) * &inverse);
            }
            if parents.wants(2) {
                parents.add(2, ops::conv2d_backward_bias(gradient.view()));
            }
            if parents.wants(0) {
                scale_channels(&mut gradient, &(&inverse * &factor));
                parents.add(0, gradient);
            }
        })
    }

    /// `x / sqrt(max(Σ x², epsilon))` of each row, see
    /// [`ops::l2_normalize`](tensor::ops::l2_normalize()). Derivative: `(g - y (y · g)) / |x|`,
    /// with `y` the output and `g` its gradient; `g / sqrt(epsilon)` for rows with `Σ x² <
    /// epsilon`. At equality, where the derivative jumps, it is the first.
    ///
    /// # Shapes
    /// N × I. Returns N × I.
    ///
    /// # Panics
    /// If it is not a matrix.
    #[must_use]
    pub fn l2_normalize(&self, epsilon: f64) -> Self {
        let input = self.expect::<Ix2>("l2_normalize", "input");
        let output = ops::l2_normalize(input.view(), epsilon);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix2>(gradient);
            parents.add(0, ops::l2_normalize_backward(input.view(), gradient.view(), epsilon));
        })
    }

    /// `x / (k + alpha / size · Σ x²)^beta`, see
    /// [`ops::local_response_norm`](tensor::ops::local_response_norm()). Derivative: as
    /// [`local_response_norm_backward`](ops::local_response_norm_backward) states it,
    /// defined where the bracket is positive, which `k > 0` and `alpha >= 0` ensure.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × H × W.
    ///
    /// # Panics
    /// If it has not four axes or `size` is zero.
    #[must_use]
    pub fn local_response_norm(&self, options: LocalResponseNormOptions) -> Self {
        let input = self.expect::<Ix4>("local_response_norm", "input");
        let output = ops::local_response_norm(input.view(), options);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let (input, gradient) = (input.view(), gradient.view());
            parents.add(0, ops::local_response_norm_backward(input, gradient, options));
        })
    }
}

/// The shared arguments of the kernel.
struct Affine<T> {
    scale: ArcArray1<T>,
    shift: ArcArray1<T>,
    epsilon: f64,
    activation: Activation,
}

impl<T: Element> Affine<T> {
    fn view(&self) -> BatchNormTrain<'_, T> {
        BatchNormTrain {
            scale: self.scale.view(),
            shift: self.shift.view(),
            epsilon: self.epsilon,
            activation: self.activation,
        }
    }
}

/// `Σ g (x - mean)` of each channel, summed in `f64`.
fn products<T: Element>(
    input: ArrayView4<'_, T>,
    gradient: ArrayView4<'_, T>,
    mean: &Array1<T>,
) -> Array1<T> {
    let mut sums = Array1::zeros(mean.len());
    Zip::from(&mut sums)
        .and(mean)
        .and(input.axis_iter(Axis(1)))
        .and(gradient.axis_iter(Axis(1)))
        .par_for_each(|sum, mean, input, gradient| {
            let total = Zip::from(input).and(gradient).fold(0.0, |total, value, gradient| {
                total + (*gradient * (*value - *mean)).into_f64()
            });
            *sum = T::from_f64(total);
        });
    sums
}

/// Multiplies each channel by its factor.
fn scale_channels<T: Element>(values: &mut Array4<T>, factors: &Array1<T>) {
    Zip::from(values.axis_iter_mut(Axis(1)))
        .and(factors)
        .par_for_each(|mut channel, factor| channel *= *factor);
}
