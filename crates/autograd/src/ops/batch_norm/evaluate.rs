//! Batch normalization with fixed statistics.

use ndarray::{Array1, Array4, ArrayView4, Axis, Ix1, Ix4, Zip};
use tensor::Element;
use tensor::ops::{self, BatchNorm};

use super::RunningStatistics;
use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
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
}

/// `Σ g (x - mean)` of each channel, added up in `f64`.
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
