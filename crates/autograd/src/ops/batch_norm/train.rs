//! Batch normalization with the batch's own statistics.

use ndarray::{ArcArray1, Ix1, Ix4};
use tensor::ops::{self, BatchNormTrain};
use tensor::{Activation, Element};

use super::BatchMoments;
use crate::Var;
use crate::axes::fixed_standard;

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
}

/// What the kernel takes by view, shared.
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
