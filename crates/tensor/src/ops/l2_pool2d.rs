//! Root of the sum of squares over a window.

use ndarray::{Array4, ArrayView4, ArrayViewMut4};

use super::Pool2dOptions;
use crate::Element;
use crate::kernels::window::{Reduction, reduce_windows, scatter_windows};

/// `sqrt(Σ x²)` over each window.
///
/// Torch's `SpatialLPPooling` with p = 2 squares, averages, multiplies by `KH KW`
/// and takes the root, which is the same.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
///
/// # Panics
/// If the window does not fit into the image.
pub fn l2_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let mut output = Array4::zeros(options.output_shape("l2_pool2d", input.dim()));
    l2_pool2d_into(input, options, output.view_mut());
    output
}

/// [`l2_pool2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × OH × OW; planes contiguous.
///
/// # Panics
/// If the window does not fit into the image or `output` has another shape or layout.
pub fn l2_pool2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
    output: ArrayViewMut4<'_, T>,
) {
    reduce_windows("l2_pool2d", input, options, &RootOfSquares, output);
}

struct RootOfSquares;

impl<T: Element> Reduction<T> for RootOfSquares {
    #[inline(always)]
    fn first(&self, value: T) -> T {
        value * value
    }

    #[inline(always)]
    fn next(&self, running: T, value: T) -> T {
        running + value * value
    }

    #[inline(always)]
    fn join(&self, left: T, right: T) -> T {
        left + right
    }

    #[inline(always)]
    fn finish(&self, running: T) -> T {
        running.sqrt()
    }
}

/// Derivative of [`l2_pool2d`]: `Σ grad_output x / output` over the windows that contain
/// a pixel.
///
/// It is undefined where a whole window is zero, and taken as zero there.
///
/// # Shapes
/// `input`: N × C × H × W; `output` (what [`l2_pool2d`] returned) and
/// `grad_output`: N × C × OH × OW. Returns N × C × H × W.
///
/// # Panics
/// If the shapes do not belong to one pool.
pub fn l2_pool2d_backward<T: Element>(
    input: ArrayView4<'_, T>,
    output: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    options: Pool2dOptions,
) -> Array4<T> {
    let (.., w) = input.dim();
    let (.., ow) = output.dim();
    let mut gradient = Array4::zeros(input.dim());
    scatter_windows(
        "l2_pool2d_backward",
        [output, grad_output],
        options,
        gradient.view_mut(),
        |target, [outputs, gradients]| {
            for (index, (output, gradient)) in outputs.iter().zip(gradients).enumerate() {
                if output.is_zero() {
                    continue;
                }
                let share = *gradient / *output;
                for row in options.window_rows([index / ow, index % ow], w) {
                    target[row].iter_mut().for_each(|target| *target += share);
                }
            }
        },
    );
    gradient *= &input;
    gradient
}
