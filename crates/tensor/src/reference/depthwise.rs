//! [`depthwise_conv2d`](crate::ops::depthwise_conv2d()) as six loops.

use ndarray::{Array4, ArrayView1, ArrayView4};

use crate::Element;
use crate::ops::{Activation, Conv2dOptions};

/// See [`ops::depthwise_conv2d`](crate::ops::depthwise_conv2d()).
///
/// # Panics
/// If the kernel does not fit or an index does not exist.
pub fn depthwise_conv2d<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let (_, _, kh, kw) = weight.dim();
    let Conv2dOptions { stride: [sh, sw], padding, activation, .. } = options;
    let oh = (h + padding.top + padding.bottom - kh) / sh + 1;
    let ow = (w + padding.left + padding.right - kw) / sw + 1;
    Array4::from_shape_fn((n, c, oh, ow), |(n, c, y, x)| {
        let mut sum = bias.map_or(T::zero(), |bias| bias[c]);
        for i in 0..kh {
            for j in 0..kw {
                if let Some([row, column]) = pixel([y, x], [i, j], [h, w], options) {
                    sum += input[[n, c, row, column]] * weight[[c, 0, i, j]];
                }
            }
        }
        match activation {
            Activation::Relu if sum < T::zero() => T::zero(),
            _ => sum,
        }
    })
}

/// See [`ops::depthwise_conv2d_backward_input`](crate::ops::depthwise_conv2d_backward_input()).
///
/// # Panics
/// If an index does not exist.
pub fn depthwise_conv2d_backward_input<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    [h, w]: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (_, _, kh, kw) = weight.dim();
    let mut gradient = Array4::zeros((grad_output.dim().0, grad_output.dim().1, h, w));
    for ((n, c, y, x), grad) in grad_output.indexed_iter() {
        for i in 0..kh {
            for j in 0..kw {
                if let Some([row, column]) = pixel([y, x], [i, j], [h, w], options) {
                    gradient[[n, c, row, column]] += *grad * weight[[c, 0, i, j]];
                }
            }
        }
    }
    gradient
}

/// See [`ops::depthwise_conv2d_backward_weight`](crate::ops::depthwise_conv2d_backward_weight()).
///
/// # Panics
/// If an index does not exist.
pub fn depthwise_conv2d_backward_weight<T: Element>(
    input: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    [kh, kw]: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (_, c, h, w) = input.dim();
    let mut gradient = Array4::zeros((c, 1, kh, kw));
    for ((n, c, y, x), grad) in grad_output.indexed_iter() {
        for i in 0..kh {
            for j in 0..kw {
                if let Some([row, column]) = pixel([y, x], [i, j], [h, w], options) {
                    gradient[[c, 0, i, j]] += *grad * input[[n, c, row, column]];
                }
            }
        }
    }
    gradient
}

/// The pixel that an output reads through a tap of the kernel; `None` for padding.
fn pixel(
    [y, x]: [usize; 2],
    [i, j]: [usize; 2],
    [h, w]: [usize; 2],
    options: Conv2dOptions,
) -> Option<[usize; 2]> {
    let Conv2dOptions { stride: [sh, sw], padding, .. } = options;
    let row = (y * sh + i).checked_sub(padding.top).filter(|row| *row < h)?;
    let column = (x * sw + j).checked_sub(padding.left).filter(|column| *column < w)?;
    Some([row, column])
}
