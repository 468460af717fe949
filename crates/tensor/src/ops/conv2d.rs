//! Two-dimensional convolution (cross-correlation, as in every framework).
//!
//! Forward and both backward passes are direct: register tiles are summed directly from
//! images whose channels are adjacent, without a matrix of patches. The methods are
//! described in `kernels/train/correlation.rs` and `kernels/train/weight_gradient.rs`; this module
//! checks the shapes.

mod backward;
mod im2col;

use ndarray::{Array4, ArrayView1, ArrayView4, ArrayViewMut4};

use super::pool::steps;
use crate::kernels::packed_weight::{Direction, PackedWeight};
use crate::kernels::planes::expect_shape;
use crate::kernels::train::correlation::Correlation;
use crate::kernels::train::products::Products;
use crate::{Activation, Element, Padding2d, Precision};

pub use backward::{
    conv2d_backward_bias, conv2d_backward_input, conv2d_backward_input_into, conv2d_backward_weight,
};
pub use im2col::conv2d_im2col;

/// Stride, padding, activation and precision of a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2dOptions {
    /// Distance between patches, in rows and columns.
    pub stride: [usize; 2],
    /// Zeros around the image.
    pub padding: Padding2d,
    /// Applied to each output.
    pub activation: Activation,
    /// How f32 factors are multiplied, in the convolution and both its derivatives; products
    /// of f64 are always of f64. A program has [its own](crate::inference::ProgramBuilder::precision)
    /// instead.
    pub precision: Precision,
}

impl Default for Conv2dOptions {
    /// Stride 1, no padding, no activation, f32.
    fn default() -> Self {
        Self {
            stride: [1, 1],
            padding: Padding2d::default(),
            activation: Activation::None,
            precision: Precision::F32,
        }
    }
}

impl Conv2dOptions {
    /// Height and width of the output for an image and a kernel of these sizes.
    ///
    /// `None` if a kernel or stride is zero, the kernel does not fit into the
    /// padded image, or the padded size overflows.
    pub fn output_size(self, image: [usize; 2], kernel: [usize; 2]) -> Option<[usize; 2]> {
        let [h, w] = self.padding.padded(image)?;
        Some([steps(h, kernel[0], self.stride[0])?, steps(w, kernel[1], self.stride[1])?])
    }
}

/// `output[n, o, y, x] = activation(bias[o] + Σ input[n, c, y sh + i - top, x sw + j - left] weight[o, c, i, j])`.
///
/// # Shapes
/// `input`: N × C × H × W, `weight`: O × C × KH × KW, `bias`: O.
/// Returns N × O × OH × OW, see [`Conv2dOptions::output_size`].
///
/// # Panics
/// If C or O differ between the arguments, the kernel does not fit, or this machine does not
/// [have](Precision::is_available_at) the precision.
///
/// # Examples
///
/// ```
/// use ndarray::{Array4, array};
/// use tensor::ops::{Conv2dOptions, conv2d};
/// use tensor::{Activation, Padding2d};
///
/// let input = Array4::<f32>::ones((1, 1, 3, 3));
/// let weight = Array4::ones((1, 1, 3, 3));
/// let options = Conv2dOptions {
///     padding: Padding2d::same(1),
///     activation: Activation::Relu,
///     ..Conv2dOptions::default()
/// };
/// let output = conv2d(input.view(), weight.view(), Some(array![-5.0].view()), options);
/// // Each output is the number of its neighbors in the image, less five.
/// assert_eq!(output, array![[[[0.0, 1.0, 0.0], [1.0, 4.0, 1.0], [0.0, 1.0, 0.0]]]]);
/// ```
pub fn conv2d<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
) -> Array4<T> {
    let mut output = Array4::zeros(output_shape(&input, weight.dim(), options));
    conv2d_into(input, weight, bias, options, output.view_mut());
    output
}

/// [`conv2d`] into an existing array, overwriting it: a buffer of an earlier step, or some
/// channels of a concatenation.
///
/// # Shapes
/// `output`: N × O × OH × OW, any strides; fastest if planes are contiguous.
///
/// # Panics
/// As [`conv2d`], and if `output` has another shape.
pub fn conv2d_into<T: Element>(
    input: ArrayView4<'_, T>,
    weight: ArrayView4<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
    output: ArrayViewMut4<'_, T>,
) {
    expect_shape("conv2d", output.dim(), output_shape(&input, weight.dim(), options));
    let products = T::products(options.precision);
    let weight = PackedWeight::new(weight, Direction::Forward, products);
    convolve(input, &weight, bias, options, products, output);
}

/// The convolution; the shapes have been checked.
fn convolve<T: Element>(
    input: ArrayView4<'_, T>,
    weight: &PackedWeight<T>,
    bias: Option<ArrayView1<'_, T>>,
    options: Conv2dOptions,
    products: Products,
    output: ArrayViewMut4<'_, T>,
) {
    let PackedWeight { outputs: o, kernel, .. } = *weight;
    if let Some(bias) = bias {
        assert_eq!(bias.len(), o, "conv2d: bias has {} values, weight gives {o}", bias.len());
    }
    let input = input.as_standard_layout();
    let taps = kernel.map(|size| (0..size).collect::<Vec<_>>());
    let correlation = Correlation {
        source: input.view(),
        weight,
        bias,
        activation: options.activation,
        taps: taps.each_ref().map(|taps| &taps[..]),
        origin: [-(options.padding.top as isize), -(options.padding.left as isize)],
        stride: options.stride,
        products,
    };
    correlation.run(output);
}

/// Shape of the output, or a panic.
fn output_shape<T>(
    input: &ArrayView4<'_, T>,
    (o, weight_c, kh, kw): (usize, usize, usize, usize),
    options: Conv2dOptions,
) -> (usize, usize, usize, usize) {
    let (n, c, h, w) = input.dim();
    assert_eq!(c, weight_c, "conv2d: input has {c} channels, weight takes {weight_c}");
    let Some([oh, ow]) = options.output_size([h, w], [kh, kw]) else {
        panic!("conv2d: kernel {kh} x {kw} with {options:?} does not fit an image of {h} x {w}");
    };
    (n, o, oh, ow)
}
