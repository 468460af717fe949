//! The maximum over a window, and its index.

use super::Pool2dOptions;
use crate::kernels::planes::{expect_shape, for_each_plane, for_each_plane_pair};
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::dispatch;
use crate::kernels::train::max_window::{Phases, PlaneMaxima};
use crate::kernels::train::pool_window::{Reduction, reduce_windows};
use crate::ops::layout::{pad_plane, padded_shape};
use crate::{Element, Padding2d, level};
use ndarray::{Array4, ArrayView4, ArrayViewMut4};

/// Maximum over each window; NaN if the window contains a NaN.
///
/// # Shapes
/// `input`: N × C × H × W. Returns N × C × OH × OW, see [`Pool2dOptions::output_size`].
///
/// # Panics
/// If the window does not fit into the image.
pub fn max_pool2d<T: Element>(input: ArrayView4<'_, T>, options: Pool2dOptions) -> Array4<T> {
    let mut output = Array4::zeros(options.output_shape("max_pool2d", input.dim()));
    max_pool2d_into(input, options, output.view_mut());
    output
}

/// [`max_pool2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × OH × OW; planes contiguous.
///
/// # Panics
/// If the window does not fit into the image or `output` has another shape or layout.
pub fn max_pool2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
    output: ArrayViewMut4<'_, T>,
) {
    reduce_windows("max_pool2d", input, options, &Max, output);
}

struct Max;

impl<T: Element> Reduction<T> for Max {
    fn first(&self, value: T) -> T {
        value
    }

    #[inline(always)]
    fn next(&self, running: T, value: T) -> T {
        if value > running || value.is_nan() { value } else { running }
    }

    #[inline(always)]
    fn join(&self, left: T, right: T) -> T {
        self.next(left, right)
    }

    fn finish(&self, running: T) -> T {
        running
    }
}

/// [`max_pool2d`] that also returns the index of each maximum, for
/// [`max_pool2d_backward`].
///
/// An index is `row * W + column` in its plane. Of equal values it is that of the first in
/// row-major order; a NaN is greater than any number.
///
/// # Shapes
/// `input`: N × C × H × W. Returns two arrays of N × C × OH × OW.
///
/// # Panics
/// If the window does not fit into the image, or H W exceeds `u32`.
pub fn max_pool2d_with_indices<T: Element>(
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
) -> (Array4<T>, Array4<u32>) {
    let shape = options.output_shape("max_pool2d_with_indices", input.dim());
    let mut output = Array4::zeros(shape);
    let mut indices = Array4::zeros(shape);
    max_pool2d_with_indices_into(input, options, output.view_mut(), indices.view_mut());
    (output, indices)
}

/// [`max_pool2d_with_indices`] into existing arrays, overwriting them.
///
/// # Shapes
/// `output` and `indices`: N × C × OH × OW; planes contiguous.
///
/// # Panics
/// If the window does not fit into the image, H W exceeds `u32`, or `output` or
/// `indices` have another shape or layout.
pub fn max_pool2d_with_indices_into<T: Element>(
    input: ArrayView4<'_, T>,
    options: Pool2dOptions,
    output: ArrayViewMut4<'_, T>,
    indices: ArrayViewMut4<'_, u32>,
) {
    max_pool2d_padded_into(input, Padding2d::default(), options, output, indices);
}

/// [`max_pool2d_with_indices_into`] of the image that [`pad2d`](crate::ops::pad2d()) surrounds
/// with zeros, which is never in memory as a whole. Indices are those in its planes.
///
/// # Shapes
/// `input`: N × C × H × W; `output` and `indices`: N × C × OH × OW of the padded image; planes
/// contiguous.
///
/// # Panics
/// If the window does not fit into the padded image, its pixels exceed `u32`, or `output` or
/// `indices` have another shape or layout.
pub fn max_pool2d_padded_into<T: Element>(
    input: ArrayView4<'_, T>,
    padding: Padding2d,
    options: Pool2dOptions,
    output: ArrayViewMut4<'_, T>,
    indices: ArrayViewMut4<'_, u32>,
) {
    const NAME: &str = "max_pool2d_with_indices";
    let (_, c, image_h, image_w) = input.dim();
    let padded = padded_shape(input.dim(), padding);
    let (.., h, w) = padded;
    let shape = options.output_shape(NAME, padded);
    expect_shape(NAME, output.dim(), shape);
    expect_shape(NAME, indices.dim(), shape);
    assert!(u32::try_from(h * w).is_ok(), "{NAME}: {h} x {w} pixels exceed an index of 32 bits");
    let (.., oh, ow) = shape;
    let layout = Phases::new(options, [h, w], [oh, ow]);
    let input = input.as_standard_layout();
    let Some(source) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    let room = if padding.is_none() { 0 } else { h * w };
    for_each_plane_pair(NAME, output, indices, |n, channel, outputs, places| {
        let plane = &source[(n * c + channel) * image_h * image_w..][..image_h * image_w];
        let windows = layout.windows();
        with_scratch([layout.length(), windows, windows, room], |[phases, a, b, whole]| {
            let plane = if padding.is_none() {
                plane
            } else {
                pad_plane(plane, image_w, [padding.top, padding.left], w, whole);
                &*whole
            };
            with_scratch([windows], |[taps]| {
                let maxima = [a, b];
                let maxima = PlaneMaxima { plane, layout, phases, maxima, taps, outputs, places };
                dispatch(level::active(), maxima);
            });
        });
    });
}

/// Derivative of [`max_pool2d`]: each window's gradient goes to its maximum.
///
/// Where several values are equal the function has a kink; the gradient goes to the first
/// in row-major order, whose index it is.
///
/// # Shapes
/// `grad_output`, `indices` (from [`max_pool2d_with_indices`]): N × C × OH × OW,
/// `image`: H, W. Returns N × C × H × W.
///
/// # Panics
/// If the shapes differ, or an index is not below H W.
pub fn max_pool2d_backward<T: Element>(
    grad_output: ArrayView4<'_, T>,
    indices: ArrayView4<'_, u32>,
    image: [usize; 2],
) -> Array4<T> {
    let (n, c, ..) = grad_output.dim();
    let mut grad_input = Array4::zeros((n, c, image[0], image[1]));
    max_pool2d_backward_into(grad_output, indices, grad_input.view_mut());
    grad_input
}

/// [`max_pool2d_backward`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`, `indices`: N × C × OH × OW; `grad_input`: N × C × H × W, planes
/// contiguous.
///
/// # Panics
/// If the shapes differ, an index is not below H W or a plane is not contiguous.
pub fn max_pool2d_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    indices: ArrayView4<'_, u32>,
    grad_input: ArrayViewMut4<'_, T>,
) {
    max_pool2d_padded_backward_into(grad_output, indices, Padding2d::default(), grad_input);
}

/// Derivative of [`max_pool2d_padded_into`], whose `indices` these are, with respect to the
/// image without its borders.
///
/// # Shapes
/// `grad_output`, `indices`: N × C × OH × OW; `grad_input`: N × C × H × W, planes
/// contiguous.
///
/// # Panics
/// If the shapes differ, an index is not one of the padded plane or a plane is not contiguous.
pub fn max_pool2d_padded_backward_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    indices: ArrayView4<'_, u32>,
    padding: Padding2d,
    grad_input: ArrayViewMut4<'_, T>,
) {
    const NAME: &str = "max_pool2d_backward";
    let (n, c, oh, ow) = grad_output.dim();
    let (input_n, input_c, _, image_w) = grad_input.dim();
    let (.., h, w) = padded_shape(grad_input.dim(), padding);
    assert_eq!(
        grad_output.dim(),
        indices.dim(),
        "{NAME}: gradient is {:?}, indices are {:?}",
        grad_output.dim(),
        indices.dim()
    );
    assert_eq!(
        [n, c],
        [input_n, input_c],
        "{NAME}: gradient has N, C {:?}, the input {:?}",
        [n, c],
        [input_n, input_c]
    );
    let grad_output = grad_output.as_standard_layout();
    let indices = indices.as_standard_layout();
    let (Some(gradients), Some(places)) = (grad_output.as_slice(), indices.as_slice()) else {
        unreachable!("standard layouts are contiguous")
    };
    let scatter = |plane: &mut [T], n: usize, channel: usize| {
        plane.fill(T::zero());
        let window = (n * c + channel) * oh * ow..(n * c + channel + 1) * oh * ow;
        for (gradient, place) in gradients[window.clone()].iter().zip(&places[window]) {
            let place = *place as usize;
            assert!(place < plane.len(), "{NAME}: index {place} in a plane of {}", plane.len());
            plane[place] += *gradient;
        }
    };
    for_each_plane(NAME, grad_input, |n, channel, plane| {
        if padding.is_none() {
            return scatter(plane, n, channel);
        }
        with_scratch([h * w], |[whole]| {
            scatter(whole, n, channel);
            let rows = whole.chunks_exact(w).skip(padding.top);
            for (target, row) in plane.chunks_exact_mut(image_w.max(1)).zip(rows) {
                target.copy_from_slice(&row[padding.left..][..image_w]);
            }
        });
    });
}
