//! Derivatives of the convolution.

use ndarray::{Array1, Array4, ArrayView4, ArrayViewMut4, Axis, s};
use rayon::prelude::*;

use super::Conv2dOptions;
use crate::kernels::packed_weight::{Direction, PackedWeight};
use crate::kernels::planes::channel_planes;
use crate::kernels::simd::vectorize;
use crate::kernels::sums::sum;
use crate::kernels::train::correlation::Correlation;
use crate::kernels::train::weight_gradient::WeightGradient;
use crate::{Activation, Element};

/// Derivative with respect to the input:
/// `Σ grad_output[n, o, y, x] weight[o, c, i, j]` over all `y sh + i - top = row`,
/// `x sw + j - left = column`. Defined everywhere; it does not depend on the input.
///
/// `grad_output` is that of the output **before** the activation: apply
/// [`relu_backward`](crate::ops::relu_backward()) first.
///
/// # Shapes
/// `grad_output`: N × O × OH × OW, `weight`: O × C × KH × KW, `image`: H, W.
/// Returns N × C × H × W.
///
/// # Panics
/// If the shapes do not belong to one convolution, `options` has an activation, or this
/// machine does not have the precision.
pub fn conv2d_backward_input<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    image: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, ..) = grad_output.dim();
    let (_, c, ..) = weight.dim();
    let mut grad_input = Array4::zeros((n, c, image[0], image[1]));
    conv2d_backward_input_into(grad_output, weight, options, grad_input.view_mut());
    grad_input
}

/// [`conv2d_backward_input`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × O × OH × OW, `weight`: O × C × KH × KW;
/// `grad_input`: N × C × H × W, any strides.
///
/// # Panics
/// If the shapes do not belong to one convolution, `options` has an activation, or this
/// machine does not have the precision.
pub fn conv2d_backward_input_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    options: Conv2dOptions,
    mut grad_input: ArrayViewMut4<'_, T>,
) {
    let (n, grad_o, ..) = grad_output.dim();
    let (o, c, kh, kw) = weight.dim();
    let (input_n, input_c, h, w) = grad_input.dim();
    assert_eq!(
        grad_o, o,
        "conv2d_backward_input: gradient has {grad_o} channels, weight gives {o}"
    );
    assert_eq!(
        [input_n, input_c],
        [n, c],
        "conv2d_backward_input: the input has N, C {:?}, gradient and weight {:?}",
        [input_n, input_c],
        [n, c]
    );
    check("conv2d_backward_input", [h, w], [kh, kw], &grad_output, options);
    let grad_output = grad_output.as_standard_layout();
    let products = T::products(options.precision);
    let weight = PackedWeight::new(weight, Direction::Backward, products);
    let [sh, sw] = options.stride;
    let padding = options.padding;
    let rows: Vec<_> = Phase::all(h, kh, sh, padding.top).collect();
    let columns: Vec<_> = Phase::all(w, kw, sw, padding.left).collect();
    if rows.len() < sh.min(h) || columns.len() < sw.min(w) {
        // Some inputs are between the strides of the kernel and never read.
        grad_input.fill(T::zero());
    }
    for row in &rows {
        for column in &columns {
            let correlation = Correlation {
                source: grad_output.view(),
                weight: &weight,
                bias: None,
                activation: Activation::None,
                taps: [&row.taps, &column.taps],
                origin: [row.origin, column.origin],
                stride: [1, 1],
                products,
            };
            correlation.run(grad_input.slice_mut(s![.., .., row.first..;sh, column.first..;sw]));
        }
    }
}

/// The rows (or columns) of the input that are read through the same taps of a strided
/// kernel.
///
/// With stride `s`, an input row is read through every `s`-th tap only. The rows of the
/// taps `tap, tap + s, …` are `s` apart, and their gradient is a convolution of
/// stride 1 of the output's gradient with these taps in reverse order.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Phase {
    /// First row of the input.
    first: usize,
    /// The taps as indices into the reversed kernel, in ascending order.
    taps: Vec<usize>,
    /// Row of the output that reads the first row through the last tap.
    origin: isize,
}

impl Phase {
    /// The phases of an axis that have both rows and taps.
    fn all(
        size: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> impl Iterator<Item = Self> {
        (0..stride.min(kernel)).filter_map(move |tap| {
            let first = (tap + stride - padding % stride) % stride;
            let taps: Vec<_> =
                (tap..kernel).step_by(stride).rev().map(|tap| kernel - 1 - tap).collect();
            let origin = ((first + padding - tap) / stride) as isize - (taps.len() as isize - 1);
            (first < size).then_some(Self { first, taps, origin })
        })
    }
}

/// Derivative with respect to the weight:
/// `Σ grad_output[n, o, y, x] input[n, c, y sh + i - top, x sw + j - left]` over n, y, x.
/// Defined everywhere.
///
/// `grad_output` is that of the output **before** the activation.
///
/// # Shapes
/// `input`: N × C × H × W, `grad_output`: N × O × OH × OW, `kernel`: KH, KW.
/// Returns O × C × KH × KW.
///
/// # Panics
/// If the shapes do not belong to one convolution, `options` has an activation, or this
/// machine does not have the precision.
pub fn conv2d_backward_weight<T: Element>(
    input: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    kernel: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, _, h, w) = input.dim();
    let (grad_n, ..) = grad_output.dim();
    assert_eq!(n, grad_n, "conv2d_backward_weight: input has {n} images, gradient {grad_n}");
    check("conv2d_backward_weight", [h, w], kernel, &grad_output, options);
    let input = input.as_standard_layout();
    let grad_output = grad_output.as_standard_layout();
    let products = T::products(options.precision);
    let (input, grad_output) = (input.view(), grad_output.view());
    WeightGradient { input, grad_output, kernel, options, products }.run()
}

/// Derivative with respect to the bias: `Σ grad_output[n, o, y, x]` over n, y, x.
///
/// # Shapes
/// `grad_output`: N × O × OH × OW. Returns O.
pub fn conv2d_backward_bias<T: Element>(grad_output: ArrayView4<'_, T>) -> Array1<T> {
    let grad_output = grad_output.as_standard_layout();
    let sums: Vec<T> = grad_output
        .axis_iter(Axis(1))
        .into_par_iter()
        .map(|channel| {
            // Planes are added in `f64`.
            T::from_f64(
                channel_planes(channel)
                    .map(|plane| vectorize(|| sum(plane, |value| value)).into_f64())
                    .sum(),
            )
        })
        .collect();
    Array1::from(sums)
}

/// Checks the shapes of a backward pass.
fn check<T>(
    name: &str,
    image: [usize; 2],
    kernel: [usize; 2],
    grad_output: &ArrayView4<'_, T>,
    options: Conv2dOptions,
) {
    assert_eq!(
        options.activation,
        Activation::None,
        "{name}: differentiate the activation {:?} first",
        options.activation
    );
    let (_, _, oh, ow) = grad_output.dim();
    let output = options.output_size(image, kernel);
    assert_eq!(
        output,
        Some([oh, ow]),
        "{name}: gradient is {oh} x {ow}, a kernel of {kernel:?} over {image:?} gives {output:?}"
    );
}
