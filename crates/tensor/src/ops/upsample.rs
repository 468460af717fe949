//! Upsampling: a plane of twice the height and width.

use ndarray::{Array4, ArrayView4, ArrayViewMut4};

use crate::Element;
use crate::kernels::planes::{expect_shape, for_each_plane};

/// Nearest upsampling by two: `output[n, c, y, x] = input[n, c, y / 2, x / 2]`, rounded down.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × 2 H × 2 W.
///
/// # Examples
///
/// ```
/// use ndarray::array;
///
/// let output = tensor::ops::upsample2d(array![[[[1.0, 2.0]]]].view());
/// assert_eq!(output, array![[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]);
/// ```
pub fn upsample2d<T: Element>(input: ArrayView4<'_, T>) -> Array4<T> {
    let mut output = Array4::zeros(doubled(input.dim()));
    upsample2d_into(input, output.view_mut());
    output
}

/// [`upsample2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × 2 H × 2 W; planes contiguous.
///
/// # Panics
/// If `output` has another shape or layout.
pub fn upsample2d_into<T: Element>(input: ArrayView4<'_, T>, output: ArrayViewMut4<'_, T>) {
    let (_, c, h, w) = input.dim();
    expect_shape("upsample2d", output.dim(), doubled(input.dim()));
    let input = input.as_standard_layout();
    let Some(input) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    for_each_plane("upsample2d", output, |n, channel, target| {
        let source = &input[(n * c + channel) * h * w..][..h * w];
        let rows = source.chunks_exact(w.max(1)).zip(target.chunks_exact_mut((4 * w).max(1)));
        for (source, target) in rows {
            let (upper, lower) = target.split_at_mut(2 * w);
            for (value, pair) in source.iter().zip(upper.as_chunks_mut::<2>().0) {
                *pair = [*value; 2];
            }
            lower.copy_from_slice(upper);
        }
    });
}

/// Derivative of [`upsample2d`]: the sum of the gradients of each value's four copies. Defined
/// everywhere.
///
/// # Shapes
/// `grad_output`: N × C × 2 H × 2 W. Returns N × C × H × W.
///
/// # Panics
/// If height or width are odd.
pub fn upsample2d_backward<T: Element>(grad_output: ArrayView4<'_, T>) -> Array4<T> {
    let (n, c, h, w) = grad_output.dim();
    let mut grad_input = Array4::zeros((n, c, h / 2, w / 2));
    upsample2d_backward_into(grad_output, grad_input.view_mut());
    grad_input
}

/// [`upsample2d_backward`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × C × 2 H × 2 W; `grad_input`: N × C × H × W; planes contiguous.
///
/// # Panics
/// If the shapes do not belong together or a plane is not contiguous.
pub fn upsample2d_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    grad_input: ArrayViewMut4<'_, T>,
) {
    let (_, c, h, w) = grad_input.dim();
    assert_eq!(
        grad_output.dim(),
        doubled(grad_input.dim()),
        "upsample2d_backward: the gradient is {:?}, the input {:?}",
        grad_output.dim(),
        grad_input.dim()
    );
    let grad_output = grad_output.as_standard_layout();
    let Some(gradients) = grad_output.as_slice() else {
        unreachable!("standard layout is contiguous")
    };
    for_each_plane("upsample2d_backward", grad_input, |n, channel, target| {
        let source = &gradients[(n * c + channel) * 4 * h * w..][..4 * h * w];
        let rows = target.chunks_exact_mut(w.max(1)).zip(source.chunks_exact((4 * w).max(1)));
        for (target, source) in rows {
            let (upper, lower) = source.split_at(2 * w);
            let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
            for (target, (upper, lower)) in target.iter_mut().zip(pairs) {
                *target = (upper[0] + upper[1]) + (lower[0] + lower[1]);
            }
        }
    });
}

/// The shape of the output.
fn doubled((n, c, h, w): (usize, usize, usize, usize)) -> (usize, usize, usize, usize) {
    (n, c, 2 * h, 2 * w)
}
