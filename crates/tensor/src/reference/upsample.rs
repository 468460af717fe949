//! Upsampling by its indices.

use ndarray::{Array4, ArrayView4};

use crate::Element;

/// See [`ops::upsample2d`](crate::ops::upsample2d()).
pub fn upsample2d<T: Element>(input: ArrayView4<'_, T>) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    Array4::from_shape_fn((n, c, 2 * h, 2 * w), |(n, c, y, x)| input[[n, c, y / 2, x / 2]])
}

/// See [`ops::upsample2d_backward`](crate::ops::upsample2d_backward()).
pub fn upsample2d_backward<T: Element>(grad_output: ArrayView4<'_, T>) -> Array4<T> {
    let (n, c, h, w) = grad_output.dim();
    let mut gradient = Array4::zeros((n, c, h / 2, w / 2));
    for ((n, c, y, x), grad) in grad_output.indexed_iter() {
        gradient[[n, c, y / 2, x / 2]] += *grad;
    }
    gradient
}
