//! Pooling: average and L2 pools, and the options of all pools. The maximum is in `max.rs`.

mod max;

use std::ops::Range;

use ndarray::{Array4, ArrayView4, ArrayViewMut4};

use crate::Element;
use crate::kernels::train::pool_window::{Reduction, reduce_windows, scatter_windows};

pub use max::{
    max_pool2d, max_pool2d_backward, max_pool2d_backward_into, max_pool2d_into,
    max_pool2d_padded_backward_into, max_pool2d_padded_into, max_pool2d_with_indices,
    max_pool2d_with_indices_into,
};

/// Window and stride of a pooling operator. Pools do not pad: apply
/// [`pad2d`](super::pad2d()) first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Pool2dOptions {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between windows, in rows and columns.
    pub stride: [usize; 2],
}

impl Default for Pool2dOptions {
    /// A window of one pixel, stride 1: the identity of max and average pooling.
    fn default() -> Self {
        Self { kernel: [1, 1], stride: [1, 1] }
    }
}

impl Pool2dOptions {
    /// A square window.
    pub const fn square(kernel: usize, stride: usize) -> Self {
        Self { kernel: [kernel, kernel], stride: [stride, stride] }
    }

    /// Height and width of the output, `floor((size - kernel) / stride) + 1`.
    ///
    /// `None` if a kernel or stride is zero or the window does not fit.
    pub fn output_size(self, image: [usize; 2]) -> Option<[usize; 2]> {
        let [h, w] = image;
        let [kh, kw] = self.kernel;
        let [sh, sw] = self.stride;
        Some([steps(h, kh, sh)?, steps(w, kw, sw)?])
    }

    /// The rows of an output pixel's window, as ranges of a plane of width `w`.
    #[inline]
    pub(crate) fn window_rows(
        self,
        [y, x]: [usize; 2],
        w: usize,
    ) -> impl Iterator<Item = Range<usize>> {
        let [kh, kw] = self.kernel;
        let [sh, sw] = self.stride;
        let start = y * sh * w + x * sw;
        (0..kh).map(move |row| start + row * w..start + row * w + kw)
    }

    /// Shape of the output for an input of this shape, or a panic.
    pub(crate) fn output_shape(
        self,
        name: &str,
        (n, c, h, w): (usize, usize, usize, usize),
    ) -> (usize, usize, usize, usize) {
        let [oh, ow] = self.expect_output_size(name, [h, w]);
        (n, c, oh, ow)
    }

    /// The output size, or a panic that names the operator and all sizes.
    pub(crate) fn expect_output_size(self, name: &str, image: [usize; 2]) -> [usize; 2] {
        self.output_size(image).unwrap_or_else(|| {
            panic!(
                "{name}: window {:?} with stride {:?} does not fit an image of {image:?}",
                self.kernel, self.stride
            )
        })
    }
}

/// Positions of a window of `kernel` in `size`, `stride` apart.
pub(crate) fn steps(size: usize, kernel: usize, stride: usize) -> Option<usize> {
    if kernel == 0 || stride == 0 {
        return None;
    }
    Some(size.checked_sub(kernel)? / stride + 1)
}

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
