//! Depthwise convolution: each channel is convolved with a kernel of its own, and no channel
//! adds to another.
//!
//! With a 1×1 convolution behind it, it takes the place of a full convolution for a small part
//! of the multiplications (Howard et al., "MobileNets: Efficient Convolutional Neural Networks
//! for Mobile Vision Applications", 2017). The kernels are in `kernels/train/depthwise.rs`; this
//! module checks the shapes.

use ndarray::{Array4, ArrayView1, ArrayView4, ArrayViewMut4};
use rayon::prelude::*;

use super::Conv2dOptions;
use crate::kernels::planes::{expect_shape, for_each_plane};
use crate::kernels::scratch::with_scratch;
use crate::kernels::simd::dispatch;
use crate::kernels::train::depthwise::{BackwardInput, BackwardWeight, Forward, Geometry};
use crate::{Activation, Element};

/// `output[n, c, y, x] = activation(bias[c] + Σ input[n, c, y sh + i - top, x sw + j - left] weight[c, 0, i, j])`.
///
/// It is [`conv2d`](super::conv2d()) with as many groups as channels. Products are of `T`,
/// whatever the precision in `options`.
///
/// # Shapes
/// `input`: N × C × H × W, `weight`: C × 1 × KH × KW, `bias`: C.
/// Returns N × C × OH × OW, see [`Conv2dOptions::output_size`].
///
/// # Panics
/// If C differs between the arguments, the weight has not one input channel, or the kernel does
/// not fit.
///
/// # Examples
///
/// ```
/// use ndarray::{Array4, array};
/// use tensor::ops::{Conv2dOptions, depthwise_conv2d};
///
/// let input = array![[[[1.0, 2.0]], [[3.0, 4.0]]]];
/// let weight = array![[[[1.0, 1.0]]], [[[1.0, -1.0]]]];
/// let output = depthwise_conv2d(input.view(), weight.view(), None, Conv2dOptions::default());
/// assert_eq!(output, array![[[[3.0]], [[-1.0]]]]);
/// ```
pub fn depthwise_conv2d<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let Geometry { output: [oh, ow], .. } =
        geometry("depthwise_conv2d", c, [h, w], weight.dim(), options);
    let mut output = Array4::zeros((n, c, oh, ow));
    depthwise_conv2d_into(input, weight, bias, options, output.view_mut());
    output
}

/// [`depthwise_conv2d`] into an existing array, overwriting it.
///
/// # Shapes
/// `output`: N × C × OH × OW; planes contiguous.
///
/// # Panics
/// As [`depthwise_conv2d`], and if `output` has another shape or layout.
pub fn depthwise_conv2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
    output: ArrayViewMut4<'_, T>,
) {
    const NAME: &str = "depthwise_conv2d";
    let (n, c, h, w) = input.dim();
    let geometry = geometry(NAME, c, [h, w], weight.dim(), options);
    let Geometry { output: [oh, ow], kernel: [kh, kw], .. } = geometry;
    expect_shape(NAME, output.dim(), (n, c, oh, ow));
    if let Some(bias) = bias {
        assert_eq!(bias.len(), c, "{NAME}: bias has {} values, input {c} channels", bias.len());
    }
    let (input, weight) = (input.as_standard_layout(), weight.as_standard_layout());
    let (Some(input), Some(weight)) = (input.as_slice(), weight.as_slice()) else {
        unreachable!("standard layout is contiguous")
    };
    let phases = geometry.phases();
    let isa = crate::level::active();
    for_each_plane(NAME, output, |n, channel, target| {
        with_scratch([phases.values()], |[padded]| {
            let forward = Forward {
                phases: &phases,
                image: &input[(n * c + channel) * h * w..][..h * w],
                weight: &weight[channel * kh * kw..][..kh * kw],
                bias: bias.map_or(T::zero(), |bias| bias[channel]),
                activation: options.activation,
                padded,
                target,
            };
            dispatch(isa, forward);
        });
    });
}

/// Derivative of [`depthwise_conv2d`] with respect to the input:
/// `Σ grad_output[n, c, y, x] weight[c, 0, i, j]` over all `y sh + i - top = row`,
/// `x sw + j - left = column`. Defined everywhere; it does not depend on the input.
///
/// `grad_output` is that of the output **before** the activation.
///
/// # Shapes
/// `grad_output`: N × C × OH × OW, `weight`: C × 1 × KH × KW, `image`: H, W.
/// Returns N × C × H × W.
///
/// # Panics
/// If the shapes do not belong to one convolution, or `options` has an activation.
pub fn depthwise_conv2d_backward_input<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    image: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    let (n, c, ..) = grad_output.dim();
    let mut grad_input = Array4::zeros((n, c, image[0], image[1]));
    depthwise_conv2d_backward_input_into(grad_output, weight, options, grad_input.view_mut());
    grad_input
}

/// [`depthwise_conv2d_backward_input`] into an existing array, overwriting it.
///
/// # Shapes
/// `grad_output`: N × C × OH × OW, `weight`: C × 1 × KH × KW;
/// `grad_input`: N × C × H × W; planes contiguous.
///
/// # Panics
/// As [`depthwise_conv2d_backward_input`], and if a plane is not contiguous.
pub fn depthwise_conv2d_backward_input_into<T: Element>(
    grad_output: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    options: Conv2dOptions,
    grad_input: ArrayViewMut4<'_, T>,
) {
    const NAME: &str = "depthwise_conv2d_backward_input";
    let (n, c, h, w) = grad_input.dim();
    let geometry = geometry(NAME, c, [h, w], weight.dim(), options);
    check_gradient(NAME, n, c, &geometry, &grad_output, options);
    let Geometry { output: [oh, ow], kernel: [kh, kw], .. } = geometry;
    let (grad_output, weight) = (grad_output.as_standard_layout(), weight.as_standard_layout());
    let (Some(gradients), Some(weight)) = (grad_output.as_slice(), weight.as_slice()) else {
        unreachable!("standard layout is contiguous")
    };
    let margins = geometry.margins();
    let isa = crate::level::active();
    for_each_plane(NAME, grad_input, |n, channel, target| {
        with_scratch([margins.values(), w], |[padded, line]| {
            let backward = BackwardInput {
                geometry: &geometry,
                margins: &margins,
                gradient: &gradients[(n * c + channel) * oh * ow..][..oh * ow],
                weight: &weight[channel * kh * kw..][..kh * kw],
                padded,
                line,
                target,
            };
            dispatch(isa, backward);
        });
    });
}

/// Derivative of [`depthwise_conv2d`] with respect to the weight:
/// `Σ grad_output[n, c, y, x] input[n, c, y sh + i - top, x sw + j - left]` over n, y, x.
/// Defined everywhere. That with respect to the bias is
/// [`conv2d_backward_bias`](super::conv2d_backward_bias()).
///
/// `grad_output` is that of the output **before** the activation.
///
/// # Shapes
/// `input`: N × C × H × W, `grad_output`: N × C × OH × OW, `kernel`: KH, KW.
/// Returns C × 1 × KH × KW.
///
/// # Panics
/// If the shapes do not belong to one convolution, or `options` has an activation.
pub fn depthwise_conv2d_backward_weight<T: Element>(
    input: ArrayView4<'_, T>,
    grad_output: ArrayView4<'_, T>,
    kernel: [usize; 2],
    options: Conv2dOptions,
) -> Array4<T> {
    const NAME: &str = "depthwise_conv2d_backward_weight";
    let (n, c, h, w) = input.dim();
    let [kh, kw] = kernel;
    let geometry = geometry(NAME, c, [h, w], (c, 1, kh, kw), options);
    check_gradient(NAME, n, c, &geometry, &grad_output, options);
    let Geometry { output: [oh, ow], .. } = geometry;
    let (input, grad_output) = (input.as_standard_layout(), grad_output.as_standard_layout());
    let (Some(images), Some(gradients)) = (input.as_slice(), grad_output.as_slice()) else {
        unreachable!("standard layout is contiguous")
    };
    let (phases, margins) = (geometry.phases(), geometry.margins());
    let isa = crate::level::active();
    let mut grad_weight = Array4::zeros((c, 1, kh, kw));
    let Some(kernels) = grad_weight.as_slice_mut() else { unreachable!("it is a new array") };
    kernels.par_chunks_exact_mut(kh * kw).enumerate().for_each(|(channel, kernel)| {
        let mut sums = vec![0.0; kernel.len()];
        with_scratch([phases.values(), margins.values()], |[image, gradient]| {
            for plane in (0..n).map(|n| n * c + channel) {
                let backward = BackwardWeight {
                    phases: &phases,
                    margins: &margins,
                    image: &images[plane * h * w..][..h * w],
                    gradient: &gradients[plane * oh * ow..][..oh * ow],
                    padded: [&mut *image, &mut *gradient],
                    sums: &mut sums,
                };
                dispatch(isa, backward);
            }
        });
        kernel.iter_mut().zip(&sums).for_each(|(value, sum)| *value = T::from_f64(*sum));
    });
    grad_weight
}

/// The sizes of a convolution, or a panic.
fn geometry(
    name: &str,
    channels: usize,
    image: [usize; 2],
    (outputs, inputs, kh, kw): (usize, usize, usize, usize),
    options: Conv2dOptions,
) -> Geometry {
    assert_eq!(
        [outputs, inputs],
        [channels, 1],
        "{name}: the weight of {channels} channels is {channels} x 1 x {kh} x {kw}, \
         found {outputs} x {inputs}"
    );
    let Some(output) = options.output_size(image, [kh, kw]) else {
        panic!("{name}: kernel {kh} x {kw} with {options:?} does not fit {image:?}")
    };
    let Conv2dOptions { stride, padding, .. } = options;
    Geometry { image, output, kernel: [kh, kw], stride, padding: [padding.top, padding.left] }
}

/// Checks what a derivative is given.
fn check_gradient<T>(
    name: &str,
    n: usize,
    c: usize,
    geometry: &Geometry,
    grad_output: &ArrayView4<'_, T>,
    options: Conv2dOptions,
) {
    let Geometry { output: [oh, ow], .. } = *geometry;
    assert_eq!(
        options.activation,
        Activation::None,
        "{name}: differentiate the activation {:?} first",
        options.activation
    );
    assert_eq!(
        grad_output.dim(),
        (n, c, oh, ow),
        "{name}: the gradient is {:?}, the convolution gives {:?}",
        grad_output.dim(),
        (n, c, oh, ow)
    );
}
