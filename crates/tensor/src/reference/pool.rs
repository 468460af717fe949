//! Pools as six loops.

use ndarray::{Array4, ArrayView4};

use crate::Element;
use crate::ops::Pool2dOptions;

/// See [`ops::max_pool2d`](crate::ops::max_pool2d()).
///
/// # Panics
/// If the window does not fit.
pub fn max_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
    let (oh, ow) = ((h - kh) / sh + 1, (w - kw) / sw + 1);
    Array4::from_shape_fn((n, c, oh, ow), |(n, c, y, x)| {
        let mut running = T::neg_infinity();
        for i in 0..kh {
            for j in 0..kw {
                let value = input[[n, c, y * sh + i, x * sw + j]];
                if value > running || value.is_nan() {
                    running = value;
                }
            }
        }
        running
    })
}

/// See [`ops::average_pool2d`](crate::ops::average_pool2d()).
///
/// # Panics
/// If the window does not fit.
pub fn average_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
    let (oh, ow) = ((h - kh) / sh + 1, (w - kw) / sw + 1);
    Array4::from_shape_fn((n, c, oh, ow), |(n, c, y, x)| {
        let mut running = T::zero();
        for i in 0..kh {
            for j in 0..kw {
                let value = input[[n, c, y * sh + i, x * sw + j]];
                running += value;
            }
        }
        running / T::from_f64((kh * kw) as f64)
    })
}

/// See [`ops::l2_pool2d`](crate::ops::l2_pool2d()).
///
/// # Panics
/// If the window does not fit.
pub fn l2_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
    let (oh, ow) = ((h - kh) / sh + 1, (w - kw) / sw + 1);
    Array4::from_shape_fn((n, c, oh, ow), |(n, c, y, x)| {
        let mut running = T::zero();
        for i in 0..kh {
            for j in 0..kw {
                let value = input[[n, c, y * sh + i, x * sw + j]];
                running += value * value;
            }
        }
        running.sqrt()
    })
}
