//! [`local_response_norm`](crate::ops::local_response_norm()) by its formula.

use ndarray::{Array4, ArrayView4};

use crate::Element;
use crate::ops::LocalResponseNormOptions;

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
