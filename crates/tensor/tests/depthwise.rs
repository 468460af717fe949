//! `depthwise_conv2d` against its reference.

use ndarray::{Array1, Array4, ArrayView4};
use proptest::prelude::*;
use tensor::ops::{
    Conv2dOptions, conv2d, depthwise_conv2d, depthwise_conv2d_backward_input,
    depthwise_conv2d_backward_input_into, depthwise_conv2d_backward_weight, depthwise_conv2d_into,
};
use tensor::{Activation, Element, Padding2d, reference};

use crate::gradient::assert_linear_gradient;
use crate::support::{
    Layout, assert_equal, config, layouts, paddings, plane, same_on_any_threads, whole,
};

#[derive(Clone, Debug)]
struct Case {
    shape: [usize; 4],
    kernel: [usize; 2],
    options: Conv2dOptions,
    bias: bool,
    layouts: [Layout; 2],
    seed: u64,
}

/// Images of less than `most` rows and columns.
fn cases(most: usize) -> impl Strategy<Value = Case> {
    (
        [1..4_usize, 1..6_usize, 1..most, 1..most],
        [1..6_usize, 1..8_usize],
        [1..4_usize, 1..4_usize],
        paddings(),
        any::<[bool; 2]>(),
        [layouts(), layouts()],
        0..u64::MAX / 2,
    )
        .prop_map(|(shape, kernel, stride, padding, [bias, relu], layouts, seed)| {
            let activation = if relu { Activation::Relu } else { Activation::None };
            let options = Conv2dOptions { stride, padding, activation, ..Conv2dOptions::default() };
            Case { shape, kernel, options, bias, layouts, seed }
        })
        .prop_filter("the kernel fits", |case| case.output().is_some())
}

impl Case {
    fn output(&self) -> Option<(usize, usize, usize, usize)> {
        let [n, c, h, w] = self.shape;
        let [oh, ow] = self.options.output_size([h, w], self.kernel)?;
        Some((n, c, oh, ow))
    }

    /// Images, kernels and a gradient of the output.
    fn arrays<T: Element>(&self) -> [Array4<T>; 3] {
        let [n, c, h, w] = self.shape;
        let [kh, kw] = self.kernel;
        let output = self.output().expect("the kernel fits");
        [
            whole((n, c, h, w), self.seed, self.layouts[0]),
            whole((c, 1, kh, kw), self.seed + 1, self.layouts[1]),
            whole(output, self.seed + 2, self.layouts[0]),
        ]
    }
}

fn check<T: Element>(case: &Case) {
    let Case { shape: [_, c, h, w], kernel, options, .. } = *case;
    let [input, weight, gradient] = case.arrays::<T>();
    let bias: Option<Array1<T>> = case.bias.then(|| whole(c, case.seed + 3, case.layouts[0]));
    let bias = bias.as_ref().map(|bias| bias.view());
    let actual =
        same_on_any_threads(|| depthwise_conv2d(input.view(), weight.view(), bias, options));
    let expected = reference::depthwise_conv2d(input.view(), weight.view(), bias, options);
    assert_equal(&actual, &expected);

    let options = Conv2dOptions { activation: Activation::None, ..options };
    let actual = same_on_any_threads(|| {
        depthwise_conv2d_backward_input(gradient.view(), weight.view(), [h, w], options)
    });
    let expected =
        reference::depthwise_conv2d_backward_input(gradient.view(), weight.view(), [h, w], options);
    assert_equal(&actual, &expected);

    let actual = same_on_any_threads(|| {
        depthwise_conv2d_backward_weight(input.view(), gradient.view(), kernel, options)
    });
    let expected =
        reference::depthwise_conv2d_backward_weight(input.view(), gradient.view(), kernel, options);
    assert_equal(&actual, &expected);
}

proptest! {
    #![proptest_config(config(300))]
    #[test]
    fn equals_the_reference(case in cases(40)) {
        check::<f32>(&case);
        check::<f64>(&case);
    }
}

proptest! {
    #![proptest_config(config(60))]
    #[test]
    fn backward_equals_differences(case in cases(7)) {
        let Case { shape: [_, _, h, w], kernel, .. } = case;
        let options = Conv2dOptions { activation: Activation::None, ..case.options };
        let [input, weight, gradient] = case.arrays::<f64>();
        let actual =
            depthwise_conv2d_backward_input(gradient.view(), weight.view(), [h, w], options);
        let of_input = |input: ArrayView4<'_, f64>| {
            reference::depthwise_conv2d(input, weight.view(), None, options)
        };
        assert_linear_gradient(input.view(), gradient.view(), of_input, &actual);
        let actual =
            depthwise_conv2d_backward_weight(input.view(), gradient.view(), kernel, options);
        let of_weight = |weight: ArrayView4<'_, f64>| {
            reference::depthwise_conv2d(input.view(), weight, None, options)
        };
        assert_linear_gradient(weight.view(), gradient.view(), of_weight, &actual);
    }
}

/// A full convolution whose kernels are zero between different channels is the same function.
#[test]
fn equals_a_convolution_of_diagonal_kernels() {
    let input = whole::<f32, _>((2, 5, 23, 19), 1, Layout::Standard);
    let weight = whole::<f32, _>((5, 1, 3, 3), 2, Layout::Standard);
    let full = Array4::from_shape_fn(
        (5, 5, 3, 3),
        |(o, c, i, j)| {
            if o == c { weight[[o, 0, i, j]] } else { 0.0 }
        },
    );
    for stride in [1, 2] {
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(1),
            ..Conv2dOptions::default()
        };
        assert_equal(
            &depthwise_conv2d(input.view(), weight.view(), None, options),
            &conv2d(input.view(), full.view(), None, options),
        );
    }
}

#[test]
fn existing_memory_is_overwritten() {
    let input = whole::<f32, _>((2, 3, 9, 7), 1, Layout::Standard);
    let weight = whole::<f32, _>((3, 1, 3, 3), 2, Layout::Standard);
    let options =
        Conv2dOptions { stride: [2, 2], padding: Padding2d::same(1), ..Conv2dOptions::default() };
    let expected = depthwise_conv2d(input.view(), weight.view(), None, options);
    let mut output = Array4::from_elem(expected.dim(), f32::NAN);
    depthwise_conv2d_into(input.view(), weight.view(), None, options, output.view_mut());
    assert_equal(&output, &expected);
    let gradient = depthwise_conv2d_backward_input(expected.view(), weight.view(), [9, 7], options);
    let mut target = Array4::from_elem(input.dim(), f32::NAN);
    depthwise_conv2d_backward_input_into(
        expected.view(),
        weight.view(),
        options,
        target.view_mut(),
    );
    assert_equal(&target, &gradient);
}

#[test]
fn by_hand() {
    let input = plane([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let weight = plane([[1.0, 10.0]]);
    let options = Conv2dOptions {
        stride: [1, 2],
        padding: Padding2d { left: 1, ..Padding2d::default() },
        ..Conv2dOptions::default()
    };
    let output = depthwise_conv2d(input.view(), weight.view(), None, options);
    assert_eq!(output, plane([[10.0, 32.0], [40.0, 65.0]]));
}

#[test]
fn an_empty_batch_and_no_channels() {
    let weight = whole::<f32, _>((3, 1, 3, 3), 1, Layout::Standard);
    let none = Array4::<f32>::zeros((0, 3, 5, 5));
    let options = Conv2dOptions::default();
    assert_eq!(depthwise_conv2d(none.view(), weight.view(), None, options).dim(), (0, 3, 3, 3));
    let gradient = Array4::<f32>::zeros((0, 3, 3, 3));
    let of_weight = depthwise_conv2d_backward_weight(none.view(), gradient.view(), [3, 3], options);
    assert_eq!(of_weight, Array4::<f32>::zeros((3, 1, 3, 3)));
    let (empty, weight) = (Array4::<f32>::zeros((2, 0, 5, 5)), Array4::zeros((0, 1, 3, 3)));
    assert_eq!(depthwise_conv2d(empty.view(), weight.view(), None, options).dim(), (2, 0, 3, 3));
}

#[test]
#[should_panic(expected = "the weight of 4 channels is 4 x 1 x 3 x 3, found 4 x 4")]
fn the_weight_of_a_full_convolution_panics() {
    let input = whole::<f32, _>((1, 4, 5, 5), 1, Layout::Standard);
    let weight = whole::<f32, _>((4, 4, 3, 3), 1, Layout::Standard);
    depthwise_conv2d(input.view(), weight.view(), None, Conv2dOptions::default());
}
