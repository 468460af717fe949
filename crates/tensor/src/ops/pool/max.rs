//! The maximum over a window, and its index.

use super::Pool2dOptions;
use crate::kernels::planes::{expect_shape, for_each_plane, for_each_plane_pair};
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::{SimdOp, Vector, dispatch};
use crate::kernels::train::pool_window::{Reduction, reduce_windows};
use crate::{Element, level};
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
    const NAME: &str = "max_pool2d_with_indices";
    let (_, c, h, w) = input.dim();
    let shape = options.output_shape(NAME, input.dim());
    expect_shape(NAME, output.dim(), shape);
    expect_shape(NAME, indices.dim(), shape);
    assert!(u32::try_from(h * w).is_ok(), "{NAME}: {h} x {w} pixels exceed an index of 32 bits");
    let (.., ow) = shape;
    let input = input.as_standard_layout();
    let Some(source) = input.as_slice() else { unreachable!("standard layout is contiguous") };
    for_each_plane_pair(NAME, output, indices, |n, channel, outputs, places| {
        let plane = &source[(n * c + channel) * h * w..][..h * w];
        with_scratch([w, w], |[columns, line]| {
            with_scratch([w, w], |[column_places, line_places]| {
                let maxima = PlaneMaxima {
                    plane,
                    options,
                    columns: (columns, column_places),
                    line: (line, line_places),
                    outputs: (outputs, places),
                    ow,
                };
                dispatch(level::active(), maxima);
            });
        });
    });
}

/// The maxima of one plane.
struct PlaneMaxima<'a, T> {
    plane: &'a [T],
    options: Pool2dOptions,
    /// Scratch for a row of the input, as is `line`.
    columns: Maxima<'a, T>,
    line: Maxima<'a, T>,
    outputs: Maxima<'a, T>,
    ow: usize,
}

impl<T: Element> SimdOp for PlaneMaxima<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) {
        let Self { plane, options, columns, line, outputs, ow } = self;
        let lines = outputs.0.chunks_exact_mut(ow).zip(outputs.1.chunks_exact_mut(ow));
        for (y, outputs) in lines.enumerate() {
            let (columns, line) =
                ((&mut *columns.0, &mut *columns.1), (&mut *line.0, &mut *line.1));
            line_maxima(plane, options, y, [columns, line], outputs);
        }
    }
}

/// Values and their indices in the plane.
type Maxima<'a, T> = (&'a mut [T], &'a mut [u32]);

/// The maxima of one line of windows.
///
/// As in `kernels/train/pool_window.rs`: first along the columns, then along the row, for every column
/// although a stride skips some. `columns` and `line` are scratch for a row of the input.
#[inline(always)]
fn line_maxima<T: Element>(
    plane: &[T],
    options: Pool2dOptions,
    y: usize,
    [columns, line]: [Maxima<'_, T>; 2],
    outputs: Maxima<'_, T>,
) {
    let w = columns.0.len();
    let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
    let rows = &plane[y * sh * w..][..kh * w];
    let (columns, column_places) = (&mut columns.0[..w], &mut columns.1[..w]);
    columns.copy_from_slice(&rows[..w]);
    let first = (y * sh * w) as u32;
    for i in 0..w {
        column_places[i] = first + i as u32;
    }
    // Indices and selections instead of branches: the compiler vectorizes this form.
    for row in 1..kh {
        let (values, first) = (&rows[row * w..][..w], ((y * sh + row) * w) as u32);
        for i in 0..w {
            // Only a greater value replaces another: of equals the first remains.
            let is_taken = is_greater(values[i], columns[i]);
            columns[i] = if is_taken { values[i] } else { columns[i] };
            column_places[i] = if is_taken { first + i as u32 } else { column_places[i] };
        }
    }
    let windows = w + 1 - kw;
    let (line, line_places) = (&mut line.0[..windows], &mut line.1[..windows]);
    line.copy_from_slice(&columns[..windows]);
    line_places.copy_from_slice(&column_places[..windows]);
    for offset in 1..kw {
        let (values, places) = (&columns[offset..][..windows], &column_places[offset..][..windows]);
        for i in 0..windows {
            // Of equals, the maximum of a later column is first if its row is higher up.
            let is_tie = !is_greater(line[i], values[i]) & (places[i] < line_places[i]);
            let is_taken = is_greater(values[i], line[i]) | is_tie;
            line[i] = if is_taken { values[i] } else { line[i] };
            line_places[i] = if is_taken { places[i] } else { line_places[i] };
        }
    }
    let maxima = line.iter().zip(line_places.iter()).step_by(sw);
    for ((output, place), (value, at)) in outputs.0.iter_mut().zip(outputs.1).zip(maxima) {
        (*output, *place) = (*value, *at);
    }
}

/// Whether `value` is greater than `other`, a NaN being greater than any number.
#[inline(always)]
fn is_greater<T: Element>(value: T, other: T) -> bool {
    (value > other) | (value.is_nan() & !other.is_nan())
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
    const NAME: &str = "max_pool2d_backward";
    let (n, c, oh, ow) = grad_output.dim();
    let (input_n, input_c, ..) = grad_input.dim();
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
    for_each_plane(NAME, grad_input, |n, channel, plane| {
        plane.fill(T::zero());
        let window = (n * c + channel) * oh * ow..(n * c + channel + 1) * oh * ow;
        for (gradient, place) in gradients[window.clone()].iter().zip(&places[window]) {
            let place = *place as usize;
            assert!(place < plane.len(), "{NAME}: index {place} in a plane of {}", plane.len());
            plane[place] += *gradient;
        }
    });
}
