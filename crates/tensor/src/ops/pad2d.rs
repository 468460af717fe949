//! Zero padding of the two spatial axes.

use ndarray::{Array4, ArrayView4, ArrayViewMut4, s};

use crate::kernels::planes::for_each_plane;
use crate::kernels::window::expect_shape;
use crate::{Element, Padding2d};

/// Surrounds each plane with zeros.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × (top + H + bottom) × (left + W + right).
///
/// # Panics
/// If the padded size overflows `usize`.
pub fn pad2d<T: Element>(input: ArrayView4<'_, T>, padding: Padding2d) -> Array4<T> {
    let mut output = Array4::zeros(padded_shape(input.dim(), padding));
    pad2d_into(input, padding, output.view_mut());
    output
}

/// [`pad2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × (top + H + bottom) × (left + W + right); planes contiguous.
///
/// # Panics
/// If the padded size overflows `usize` or `output` has another shape or layout.
pub fn pad2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    padding: Padding2d,
    output: ArrayViewMut4<'_, T>,
) {
    let (_, c, h, w) = input.dim();
    expect_shape("pad2d", output.dim(), padded_shape(input.dim(), padding));
    let Padding2d { top, left, .. } = padding;
    let (.., padded_w) = output.dim();
    let input = input.as_standard_layout();
    let Some(input) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    for_each_plane("pad2d", output, |n, channel, target| {
        let source = &input[(n * c + channel) * h * w..][..h * w];
        let mut end = 0;
        for row in 0..h {
            let start = (top + row) * padded_w + left;
            target[end..start].fill(T::zero());
            end = start + w;
            target[start..end].copy_from_slice(&source[row * w..][..w]);
        }
        target[end..].fill(T::zero());
    });
}

/// Shape of the output, or a panic.
fn padded_shape(
    (n, c, h, w): (usize, usize, usize, usize),
    padding: Padding2d,
) -> (usize, usize, usize, usize) {
    let Some([padded_h, padded_w]) = padding.padded([h, w]) else {
        panic!("pad2d: {h} x {w} padded by {padding:?} overflows");
    };
    (n, c, padded_h, padded_w)
}

/// Derivative of [`pad2d`]: the gradient without the borders.
///
/// # Shapes
/// `grad_output`: N × C × (top + H + bottom) × (left + W + right).
/// Returns N × C × H × W.
///
/// # Panics
/// If the gradient is smaller than the padding.
pub fn pad2d_backward<T: Element>(grad_output: ArrayView4<'_, T>, padding: Padding2d) -> Array4<T> {
    let (n, c, padded_h, padded_w) = grad_output.dim();
    let Padding2d { top, bottom, left, right } = padding;
    let (Some(h), Some(w)) = (
        top.checked_add(bottom).and_then(|borders| padded_h.checked_sub(borders)),
        left.checked_add(right).and_then(|borders| padded_w.checked_sub(borders)),
    ) else {
        panic!("pad2d_backward: gradient is {padded_h} x {padded_w}, the padding is {padding:?}");
    };
    let mut grad_input = Array4::zeros((n, c, h, w));
    pad2d_backward_into(grad_output, padding, grad_input.view_mut());
    grad_input
}

/// [`pad2d_backward`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × C × (top + H + bottom) × (left + W + right);
/// `grad_input`: N × C × H × W; planes contiguous.
///
/// # Panics
/// If the shapes do not belong to one padding or a plane is not contiguous.
pub fn pad2d_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    padding: Padding2d,
    grad_input: ArrayViewMut4<'_, T>,
) {
    let (_, _, h, w) = grad_input.dim();
    let padded = padded_shape(grad_input.dim(), padding);
    assert_eq!(
        grad_output.dim(),
        padded,
        "pad2d_backward: gradient is {:?}, the padded input {padded:?}",
        grad_output.dim()
    );
    let Padding2d { top, left, .. } = padding;
    let inner = grad_output.slice_move(s![.., .., top..top + h, left..left + w]);
    for_each_plane("pad2d_backward", grad_input, |n, channel, target| {
        let source = inner.index_axis_move(ndarray::Axis(0), n);
        let source = source.index_axis_move(ndarray::Axis(0), channel);
        for (target, source) in target.iter_mut().zip(source) {
            *target = *source;
        }
    });
}
