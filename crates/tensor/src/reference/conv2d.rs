//! [`conv2d`](crate::ops::conv2d()) as seven loops.

use ndarray::{Array4, ArrayView1, ArrayView4};

use crate::ops::Conv2dOptions;
use crate::{Activation, Element};

/// See [`ops::conv2d`](crate::ops::conv2d()).
///
/// # Panics
/// If the kernel does not fit or an index does not exist.
pub fn conv2d<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let (o, weight_c, kh, kw) = weight.dim();
    assert_eq!(c, weight_c, "conv2d: input has {c} channels, weight takes {weight_c}");
    let Conv2dOptions { stride: [sh, sw], padding, activation, .. } = options;
    let oh = (h + padding.top + padding.bottom - kh) / sh + 1;
    let ow = (w + padding.left + padding.right - kw) / sw + 1;
    Array4::from_shape_fn((n, o, oh, ow), |(n, o, y, x)| {
        let mut sum = bias.map_or(T::zero(), |bias| bias[o]);
        for c in 0..c {
            for i in 0..kh {
                for j in 0..kw {
                    let (row, column) = (y * sh + i, x * sw + j);
                    let inside = row >= padding.top
                        && row < padding.top + h
                        && column >= padding.left
                        && column < padding.left + w;
                    if inside {
                        let value = input[[n, c, row - padding.top, column - padding.left]];
                        sum += value * weight[[o, c, i, j]];
                    }
                }
            }
        }
        match activation {
            Activation::None => sum,
            Activation::Relu if sum < T::zero() => T::zero(),
            Activation::Relu => sum,
        }
    })
}

/// See [`ops::conv2d_backward_input`](crate::ops::conv2d_backward_input()).
///
/// # Panics
/// If an index does not exist.
pub fn conv2d_backward_input<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    [h, w]: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (o, c, kh, kw) = weight.dim();
    let mut gradient = Array4::zeros((grad_output.dim().0, c, h, w));
    for ((n, grad_o, y, x), grad) in grad_output.indexed_iter() {
        assert!(grad_o < o, "conv2d_backward_input: channel {grad_o} of {o}");
        for c in 0..c {
            for i in 0..kh {
                for j in 0..kw {
                    if let Some([row, column]) = place([y, x], [i, j], [h, w], options) {
                        gradient[[n, c, row, column]] += *grad * weight[[grad_o, c, i, j]];
                    }
                }
            }
        }
    }
    gradient
}

/// See [`ops::conv2d_backward_weight`](crate::ops::conv2d_backward_weight()).
///
/// # Panics
/// If an index does not exist.
pub fn conv2d_backward_weight<T: Element>(
    input: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    [kh, kw]: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (_, c, h, w) = input.dim();
    let mut gradient = Array4::zeros((grad_output.dim().1, c, kh, kw));
    for ((n, o, y, x), grad) in grad_output.indexed_iter() {
        for c in 0..c {
            for i in 0..kh {
                for j in 0..kw {
                    if let Some([row, column]) = place([y, x], [i, j], [h, w], options) {
                        gradient[[o, c, i, j]] += *grad * input[[n, c, row, column]];
                    }
                }
            }
        }
    }
    gradient
}

/// The pixel that an output pixel reads through a tap of the kernel; `None` for padding.
fn place(
    output: [usize; 2],
    tap: [usize; 2],
    image: [usize; 2],
    options: Conv2dOptions,
) -> Option<[usize; 2]> {
    let before = [options.padding.top, options.padding.left];
    let mut place = [0; 2];
    for axis in 0..2 {
        let padded = output[axis] * options.stride[axis] + tap[axis];
        place[axis] = padded.checked_sub(before[axis]).filter(|at| *at < image[axis])?;
    }
    Some(place)
}
