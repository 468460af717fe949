//! [`batch_norm`](crate::ops::batch_norm()) by its formula.

use ndarray::{Array1, Array4, ArrayView4};

use crate::ops::{BatchNorm, BatchNormTrain, BatchStatistics};
use crate::{Activation, Element};

/// See [`ops::batch_norm`](crate::ops::batch_norm()).
///
/// # Panics
/// If a parameter has fewer values than the input has channels.
pub fn batch_norm<T: Element>(
    input: ArrayView4<'_, T>,
    parameters: &BatchNorm<'_, T>,
) -> Array4<T> {
    let BatchNorm { scale, shift, mean, variance, epsilon } = parameters;
    Array4::from_shape_fn(input.dim(), |(n, c, y, x)| {
        let deviation = (variance[c] + T::from_f64(*epsilon)).sqrt();
        (input[[n, c, y, x]] - mean[c]) / deviation * scale[c] + shift[c]
    })
}

/// See [`ops::batch_norm_train`](crate::ops::batch_norm_train()).
///
/// # Panics
/// If a parameter has fewer values than the input has channels.
pub fn batch_norm_train<T: Element>(
    input: ArrayView4<'_, T>,
    parameters: &BatchNormTrain<'_, T>,
) -> (Array4<T>, BatchStatistics<T>) {
    let (n, c, h, w) = input.dim();
    let count = T::from_f64((n * h * w) as f64);
    let mut mean = Array1::zeros(c);
    for ((_, c, ..), value) in input.indexed_iter() {
        mean[c] += *value / count;
    }
    let mut variance = Array1::zeros(c);
    for ((_, c, ..), value) in input.indexed_iter() {
        variance[c] += (*value - mean[c]).powi(2) / count;
    }
    let BatchNormTrain { scale, shift, epsilon, activation } = *parameters;
    let fixed = BatchNorm { scale, shift, mean: mean.view(), variance: variance.view(), epsilon };
    let mut output = batch_norm(input, &fixed);
    if activation == Activation::Relu {
        output = super::relu(output.view());
    }
    let epsilon = T::from_f64(epsilon);
    let inverse_deviation = variance.mapv(|variance| T::one() / (variance + epsilon).sqrt());
    (output, BatchStatistics { mean, variance, inverse_deviation })
}
