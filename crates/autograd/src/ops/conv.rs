//! Convolution of images, conv2d and depthwise_conv2d, and their zero padding, pad2d.

use ndarray::{Array4, ArrayView1, ArrayView4, ArrayViewMut4, Ix1, Ix4};
use tensor::ops::{self, Conv2dOptions};
use tensor::{Activation, Element, Padding2d};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// Convolution of images with `weight`, plus `bias`, then the activation of
    /// `options`; see [`ops::conv2d`](tensor::ops::conv2d()) for the formula.
    ///
    /// Derivatives: the sums of [`conv2d_backward_input`](ops::conv2d_backward_input),
    /// [`conv2d_backward_weight`](ops::conv2d_backward_weight) and
    /// [`conv2d_backward_bias`](ops::conv2d_backward_bias), defined everywhere without
    /// an activation; with ReLU they are undefined where an output is zero, and taken as
    /// zero.
    ///
    /// # Shapes
    /// N × C × H × W; `weight`: O × C × KH × KW, `bias`: O.
    /// Returns N × O × OH × OW, see [`Conv2dOptions::output_size`].
    ///
    /// # Panics
    /// If an argument has another number of axes, C or O differ between the arguments,
    /// or the kernel does not fit.
    #[must_use]
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Self {
        let kind = Kind {
            name: "conv2d",
            forward: ops::conv2d_into,
            of_weight: ops::conv2d_backward_weight,
            of_input: ops::conv2d_backward_input_into,
        };
        self.convolve(weight, bias, options, kind)
    }

    /// Convolution of each channel with a kernel of its own, plus `bias`, then the activation of
    /// `options`; see [`ops::depthwise_conv2d`](tensor::ops::depthwise_conv2d()) for the formula.
    ///
    /// Derivatives: the sums of
    /// [`depthwise_conv2d_backward_input`](ops::depthwise_conv2d_backward_input),
    /// [`depthwise_conv2d_backward_weight`](ops::depthwise_conv2d_backward_weight) and
    /// [`conv2d_backward_bias`](ops::conv2d_backward_bias), defined everywhere without
    /// an activation; with ReLU they are undefined where an output is zero, and taken as
    /// zero.
    ///
    /// # Shapes
    /// N × C × H × W; `weight`: C × 1 × KH × KW, `bias`: C.
    /// Returns N × C × OH × OW, see [`Conv2dOptions::output_size`].
    ///
    /// # Panics
    /// If an argument has another number of axes, C differs between the arguments,
    /// or the kernel does not fit.
    #[must_use]
    pub fn depthwise_conv2d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: Conv2dOptions,
    ) -> Self {
        let kind = Kind {
            name: "depthwise_conv2d",
            forward: ops::depthwise_conv2d_into,
            of_weight: ops::depthwise_conv2d_backward_weight,
            of_input: ops::depthwise_conv2d_backward_input_into,
        };
        self.convolve(weight, bias, options, kind)
    }

    /// A convolution of either kind.
    fn convolve(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: Conv2dOptions,
        kind: Kind<T>,
    ) -> Self {
        let Kind { name, forward, of_weight, of_input } = kind;
        let input = self.expect::<Ix4>(name, "input");
        let kernel = weight.expect::<Ix4>(name, "weight");
        let shift = bias.map(|bias| bias.expect::<Ix1>(name, "bias"));
        let shift = shift.as_ref().map(|shift| shift.view());
        let (n, _, h, w) = input.dim();
        let (o, _, kh, kw) = kernel.dim();
        let Some([oh, ow]) = options.output_size([h, w], [kh, kw]) else {
            panic!("{name}: kernel {kh} x {kw} with {options:?} does not fit an image of {h} x {w}")
        };
        let mut output = self.tape().take(Ix4(n, o, oh, ow));
        forward(input.view(), kernel.view(), shift, options, output.view_mut());
        let output = self.tape().share(output);
        let activated = (options.activation != Activation::None).then(|| output.clone());
        let mut parents = vec![self, weight];
        parents.extend(bias);
        let has_bias = bias.is_some();
        Self::record(&parents, output, move |gradient, parents| {
            let mut gradient: Array4<T> = fixed(gradient);
            if let Some(output) = activated {
                gradient = differentiate(options.activation, output.view(), gradient);
            }
            let options = Conv2dOptions { activation: Activation::None, ..options };
            if has_bias && parents.wants(2) {
                parents.add(2, ops::conv2d_backward_bias(gradient.view()));
            }
            if parents.wants(1) {
                parents.add(1, of_weight(input.view(), gradient.view(), [kh, kw], options));
            }
            if parents.wants(0) {
                let mut target = parents.take(input.raw_dim());
                of_input(gradient.view(), kernel.view(), options, target.view_mut());
                parents.add(0, target);
            }
            parents.give(gradient);
        })
    }

    /// Surrounds each plane with zeros, see [`ops::pad2d`](tensor::ops::pad2d()). Derivative: the
    /// gradient without the borders. Defined everywhere.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × (top + H + bottom) × (left + W + right).
    ///
    /// # Panics
    /// If it has not four axes or the padded size overflows.
    #[must_use]
    pub fn pad2d(&self, padding: Padding2d) -> Self {
        let input = self.expect::<Ix4>("pad2d", "input");
        let (n, c, h, w) = input.dim();
        let Some([padded_h, padded_w]) = padding.padded([h, w]) else {
            panic!("pad2d: {h} x {w} padded by {padding:?} overflows")
        };
        let mut output = self.tape().take(Ix4(n, c, padded_h, padded_w));
        ops::pad2d_into(input.view(), padding, output.view_mut());
        let output = self.tape().share(output);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut target = parents.take(Ix4(n, c, h, w));
            ops::pad2d_backward_into(gradient.view(), padding, target.view_mut());
            parents.add(0, target);
            parents.give(gradient);
        })
    }
}

/// From input, weight, bias and options to the output.
type Forward<T> = for<'a> fn(
    ArrayView4<'a, T>,
    ArrayView4<'a, T>,
    Option<ArrayView1<'a, T>>,
    Conv2dOptions,
    ArrayViewMut4<'a, T>,
);
/// From input, gradient, the kernel's size and options to the gradient of the weight.
type OfWeight<T> =
    for<'a> fn(ArrayView4<'a, T>, ArrayView4<'a, T>, [usize; 2], Conv2dOptions) -> Array4<T>;
/// From gradient, weight and options to the gradient of the input.
type OfInput<T> =
    for<'a> fn(ArrayView4<'a, T>, ArrayView4<'a, T>, Conv2dOptions, ArrayViewMut4<'a, T>);

/// The functions of a kind of convolution.
struct Kind<T> {
    name: &'static str,
    forward: Forward<T>,
    of_weight: OfWeight<T>,
    of_input: OfInput<T>,
}

/// The gradient before an activation, from the one after it.
fn differentiate<T: Element>(
    activation: Activation,
    output: ArrayView4<'_, T>,
    gradient: Array4<T>,
) -> Array4<T> {
    match activation {
        Activation::None => gradient,
        Activation::Relu => ops::relu_backward(output, gradient.view()),
    }
}
