//! conv2d, depthwise_conv2d, pad2d.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::{distinct, random};
use ndarray::Array4;
use proptest::prelude::*;
use tensor::ops::Conv2dOptions;
use tensor::{Activation, Padding2d, reference};

use crate::config;
use crate::fixed::{four, one};

/// Images and weights of a case.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    n: usize,
    c: usize,
    o: usize,
    image: [usize; 2],
    kernel: [usize; 2],
}

#[track_caller]
fn check_conv2d(sizes: Sizes, bias: bool, options: Conv2dOptions) {
    let Sizes { n, c, o, image: [h, w], kernel: [kh, kw] } = sizes;
    let mut inputs = vec![random(&[n, c, h, w], 1), random(&[o, c, kh, kw], 2)];
    inputs.extend(bias.then(|| random(&[o], 3)));
    assert_operator(
        &inputs,
        |x| x[0].conv2d(&x[1], x.get(2), options),
        |x| reference::conv2d(four(&x[0]), four(&x[1]), x.get(2).map(one), options).into_dyn(),
    );
}

#[track_caller]
fn check_depthwise_conv2d(
    [n, c, h, w]: [usize; 4],
    [kh, kw]: [usize; 2],
    bias: bool,
    options: Conv2dOptions,
) {
    let mut inputs = vec![random(&[n, c, h, w], 1), random(&[c, 1, kh, kw], 2)];
    inputs.extend(bias.then(|| random(&[c], 3)));
    assert_operator(
        &inputs,
        |x| x[0].depthwise_conv2d(&x[1], x.get(2), options),
        |x| {
            let (input, weight, bias) = (four(&x[0]), four(&x[1]), x.get(2).map(one));
            reference::depthwise_conv2d(input, weight, bias, options).into_dyn()
        },
    );
}

fn options(stride: [usize; 2], [top, bottom, left, right]: [usize; 4]) -> Conv2dOptions {
    let padding = Padding2d { top, bottom, left, right };
    Conv2dOptions { stride, padding, ..Conv2dOptions::default() }
}

#[track_caller]
fn check_pad2d(shape: [usize; 4], [top, bottom, left, right]: [usize; 4]) {
    let padding = Padding2d { top, bottom, left, right };
    assert_operator(
        &[random(&shape, 1)],
        |x| x[0].pad2d(padding),
        |x| reference::pad2d(four(&x[0]), padding).into_dyn(),
    );
}

#[test]
fn paddings() {
    check_pad2d([1, 1, 1, 1], [0, 0, 0, 0]);
    check_pad2d([1, 2, 2, 3], [1, 1, 1, 1]);
    check_pad2d([3, 1, 3, 2], [3, 4, 3, 4]);
    check_pad2d([2, 2, 2, 2], [0, 1, 0, 1]);
}

#[rustfmt::skip]
#[test]
fn convolutions() {
    let s = |n, c, o, image, kernel| Sizes { n, c, o, image, kernel };
    check_conv2d(s(1, 1, 1, [1, 1], [1, 1]), true, options([1, 1], [0; 4]));
    check_conv2d(s(1, 3, 2, [3, 4], [1, 1]), true, options([1, 1], [0; 4]));
    check_conv2d(s(3, 2, 3, [2, 3], [1, 1]), false, options([1, 1], [0; 4]));
    check_conv2d(s(2, 2, 2, [4, 4], [3, 3]), true, options([1, 1], [1; 4]));
    check_conv2d(s(1, 2, 3, [5, 5], [3, 3]), true, options([2, 2], [1; 4]));
    check_conv2d(s(3, 1, 2, [5, 6], [3, 3]), false, options([2, 2], [0; 4]));
    check_conv2d(s(2, 2, 1, [5, 4], [5, 5]), true, options([1, 1], [2; 4]));
    check_conv2d(s(1, 1, 2, [6, 6], [5, 5]), true, options([2, 2], [2; 4]));
    check_conv2d(s(2, 1, 2, [8, 8], [7, 7]), true, options([2, 2], [3; 4]));
    check_conv2d(s(2, 1, 2, [4, 3], [2, 3]), true, options([1, 2], [3, 0, 1, 2]));
    check_conv2d(s(2, 2, 2, [5, 5], [1, 1]), true, options([2, 2], [0; 4]));
    check_conv2d(s(2, 2, 2, [3, 3], [1, 1]), true, options([1, 1], [1, 0, 0, 1]));
    check_conv2d(s(17, 2, 3, [3, 3], [3, 3]), true, options([1, 1], [1; 4]));
}

#[test]
fn depthwise_convolutions() {
    check_depthwise_conv2d([1, 1, 1, 1], [1, 1], true, options([1, 1], [0; 4]));
    check_depthwise_conv2d([2, 3, 4, 5], [3, 3], true, options([1, 1], [1; 4]));
    check_depthwise_conv2d([3, 2, 5, 4], [3, 3], false, options([2, 2], [1; 4]));
    check_depthwise_conv2d([1, 2, 3, 4], [5, 5], true, options([1, 1], [2; 4]));
    check_depthwise_conv2d([2, 1, 4, 3], [2, 3], true, options([1, 2], [3, 0, 1, 2]));
}

proptest! {
    #![proptest_config(config(20))]
    #[test]
    fn random_depthwise_convolutions(
        (n, c, image) in (1..4_usize, 1..4_usize, [1..6_usize, 1..6_usize]),
        kernel in [1..4_usize, 1..4_usize],
        (stride, padding) in ([1..4_usize, 1..4_usize], [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize]),
        bias in any::<bool>(),
    ) {
        let options = options(stride, padding);
        prop_assume!(options.output_size(image, kernel).is_some());
        check_depthwise_conv2d([n, c, image[0], image[1]], kernel, bias, options);
    }

    #[test]
    fn random_convolutions(
        (n, c, o) in (1..4_usize, 1..4_usize, 1..4_usize),
        (image, kernel) in ([1..6_usize, 1..6_usize], [1..4_usize, 1..4_usize]),
        (stride, padding) in ([1..4_usize, 1..4_usize], [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize]),
        bias in any::<bool>(),
    ) {
        let options = options(stride, padding);
        prop_assume!(options.output_size(image, kernel).is_some());
        check_conv2d(Sizes { n, c, o, image, kernel }, bias, options);
    }

    #[test]
    fn random_paddings(
        shape in [1..4_usize, 1..4_usize, 1..4_usize, 1..4_usize],
        padding in [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize],
    ) {
        check_pad2d(shape, padding);
    }
}

/// With ReLU, a large bias keeps each output away from the kink.
#[test]
fn with_relu() {
    let options = Conv2dOptions { activation: Activation::Relu, ..options([1, 2], [1; 4]) };
    assert_operator(
        &[random(&[2, 2, 4, 4], 1), random(&[4, 2, 3, 3], 2), distinct(&[4], 3).mapv(|b| 40.0 * b)],
        |x| x[0].conv2d(&x[1], x.get(2), options),
        |x| reference::conv2d(four(&x[0]), four(&x[1]), x.get(2).map(one), options).into_dyn(),
    );
}

/// With ReLU, a large bias keeps each output away from the kink.
#[test]
fn depthwise_with_relu() {
    let options = Conv2dOptions { activation: Activation::Relu, ..options([1, 2], [1; 4]) };
    assert_operator(
        &[random(&[2, 4, 4, 4], 1), random(&[4, 1, 3, 3], 2), distinct(&[4], 3).mapv(|b| 40.0 * b)],
        |x| x[0].depthwise_conv2d(&x[1], x.get(2), options),
        |x| {
            let (input, weight, bias) = (four(&x[0]), four(&x[1]), x.get(2).map(one));
            reference::depthwise_conv2d(input, weight, bias, options).into_dyn()
        },
    );
}

#[test]
fn the_kink_of_relu_on_both_sides_and_at_zero() {
    let tape = Tape::new();
    let options = Conv2dOptions { activation: Activation::Relu, ..Conv2dOptions::default() };
    let weight = tape.parameter(Array4::<f64>::ones((1, 1, 1, 1)));
    let row = [-1e-300, 0.0, 1e-300];
    let x = tape.parameter(Array4::from_shape_fn((1, 1, 1, 3), |(.., column)| row[column]));
    let gradients = x.conv2d(&weight, None, options).sum().backward();
    let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
    assert_eq!(found, [0.0, 0.0, 1.0]);
}

#[test]
#[should_panic(expected = "conv2d: weight has shape [3, 2], 4 axes expected")]
fn a_matrix_as_weight_panics() {
    let tape = Tape::new();
    let x = tape.constant(random(&[1, 2, 3, 3], 1));
    let _ = x.conv2d(&tape.constant(random(&[3, 2], 1)), None, Conv2dOptions::default());
}
