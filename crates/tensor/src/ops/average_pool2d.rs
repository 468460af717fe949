//! Mean over a window.

use ndarray::{Array4, ArrayView4, ArrayViewMut4};

use super::Pool2dOptions;
use crate::Element;
use crate::kernels::window::{Reduction, reduce_windows, scatter_windows};

/// Mean over each window.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
///
/// # Panics
/// If the window does not fit into the image.
pub fn average_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let mut output = Array4::zeros(options.output_shape("average_pool2d", input.dim()));
    average_pool2d_into(input, options, output.view_mut());
    output
}

/// [`average_pool2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × OH × OW; planes contiguous.
///
/// # Panics
/// If the window does not fit into the image or `output` has another shape or layout.
pub fn average_pool2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
    output: ArrayViewMut4<'_, T>,
) {
    let [kh, kw] = options.kernel;
    let scale = T::from_f64(1.0 / (kh * kw) as f64);
    reduce_windows("average_pool2d", input, options, &Mean { scale }, output);
}

struct Mean<T> {
    scale: T,
}

impl<T: Element> Reduction<T> for Mean<T> {
    fn first(&self, value: T) -> T {
        value
    }

    #[inline(always)]
    fn next(&self, running: T, value: T) -> T {
        running + value
    }

    #[inline(always)]
    fn join(&self, left: T, right: T) -> T {
        left + right
    }

    #[inline(always)]
    fn finish(&self, running: T) -> T {
        running * self.scale
    }
}

/// Derivative of [`average_pool2d`], defined everywhere: each window spreads
/// `grad_output / (KH KW)` evenly over its pixels.
///
/// # Shapes
/// `grad_output`: N × C × OH × OW, `image`: H, W. Returns N × C × H × W.
///
/// # Panics
/// If the gradient's size is not that of the pool over `image`.
pub fn average_pool2d_backward<T: Element>(
    grad_output: ArrayView4<'_, T>,
    image: [usize; 2],
    options: Pool2dOptions,
) -> Array4<T> {
    let (n, c, ..) = grad_output.dim();
    let mut grad_input = Array4::zeros((n, c, image[0], image[1]));
    average_pool2d_backward_into(grad_output, options, grad_input.view_mut());
    grad_input
}

/// [`average_pool2d_backward`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × C × OH × OW; `grad_input`: N × C × H × W, planes contiguous.
///
/// # Panics
/// If the shapes do not belong to one pool or a plane is not contiguous.
pub fn average_pool2d_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    options: Pool2dOptions,
    grad_input: ArrayViewMut4<'_, T>,
) {
    let [kh, kw] = options.kernel;
    let scale = T::from_f64(1.0 / (kh * kw) as f64);
    let (.., w) = grad_input.dim();
    let (.., ow) = grad_output.dim();
    scatter_windows(
        "average_pool2d_backward",
        [grad_output],
        options,
        grad_input,
        |target, [gradients]| {
            for (index, gradient) in gradients.iter().enumerate() {
                let share = *gradient * scale;
                for row in options.window_rows([index / ow, index % ow], w) {
                    target[row].iter_mut().for_each(|target| *target += share);
                }
            }
        },
    );
}
