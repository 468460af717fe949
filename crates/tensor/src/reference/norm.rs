//! Normalizations by their formulas.

use ndarray::{Array1, Array2, Array4, ArrayView2, ArrayView4};

use crate::ops::{BatchNorm, BatchNormTrain, BatchStatistics, LocalResponseNormOptions};
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

/// See [`ops::l2_normalize`](crate::ops::l2_normalize()).
pub fn l2_normalize<T: Element>(input: ArrayView2<'_, T>, epsilon: f64) -> Array2<T> {
    let epsilon = T::from_f64(epsilon);
    Array2::from_shape_fn(input.dim(), |(n, i)| {
        let mut squares = T::zero();
        for value in input.row(n) {
            squares += *value * *value;
        }
        input[[n, i]] / if squares < epsilon { epsilon } else { squares }.sqrt()
    })
}

/// See [`ops::local_response_norm`](crate::ops::local_response_norm()).
pub fn local_response_norm<T: Element>(
    input: ArrayView4<'_, T>,
    options: LocalResponseNormOptions,
) -> Array4<T> {
    let (_, channels, ..) = input.dim();
    let LocalResponseNormOptions { size, alpha, beta, k } = options;
    Array4::from_shape_fn(input.dim(), |(n, c, y, x)| {
        let mut squares = T::zero();
        for step in 0..size {
            // The neighbor is c + step - size / 2, if there is such a channel.
            let neighbor = (c + step).checked_sub(size / 2);
            if let Some(neighbor) = neighbor.filter(|neighbor| *neighbor < channels) {
                let value = input[[n, neighbor, y, x]];
                squares += value * value;
            }
        }
        let base = T::from_f64(k) + T::from_f64(alpha / size as f64) * squares;
        input[[n, c, y, x]] / base.powf(T::from_f64(beta))
    })
}
