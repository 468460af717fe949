//! `conv2d` against its reference.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, array};
use proptest::prelude::*;
use tensor::ops::{
    Conv2dOptions, conv2d, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_weight,
    conv2d_im2col,
};
use tensor::{Activation, Element, Level, Padding2d, Precision, reference};

use crate::gradient::assert_linear_gradient;
use crate::support::{
    Layout, assert_equal, config, laid_out, layouts, paddings, plane, random, same_on_any_threads,
    whole,
};

#[derive(Clone, Debug)]
struct Case {
    n: usize,
    c: usize,
    o: usize,
    image: [usize; 2],
    kernel: [usize; 2],
    options: Conv2dOptions,
    bias: bool,
    layouts: [Layout; 2],
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    (
        (1..5_usize, 1..7_usize, 1..20_usize),
        [1..14_usize, 1..14_usize],
        [1..6_usize, 1..6_usize],
        [1..4_usize, 1..4_usize],
        paddings(),
        any::<[bool; 2]>(),
        [layouts(), layouts()],
        0..u64::MAX / 2,
    )
        .prop_map(|((n, c, o), image, kernel, stride, padding, [bias, relu], layouts, seed)| {
            let activation = if relu { Activation::Relu } else { Activation::None };
            let options = Conv2dOptions { stride, padding, activation, ..Conv2dOptions::default() };
            Case { n, c, o, image, kernel, options, bias, layouts, seed }
        })
        .prop_filter("the kernel fits", |case| {
            case.options.output_size(case.image, case.kernel).is_some()
        })
}

/// Those of this machine. The tests' values are exact in bf16, and so are their sums in f32.
fn precisions() -> impl Iterator<Item = Precision> {
    Precision::ALL.into_iter().filter(|precision| precision.is_available_at(Level::best()))
}

fn check<T: Element>(case: &Case) {
    for precision in precisions() {
        check_forward::<T>(case, precision);
    }
}

fn check_forward<T: Element>(case: &Case, precision: Precision) {
    let Case { n, c, o, image: [h, w], kernel: [kh, kw], options, seed, .. } = *case;
    let options = Conv2dOptions { precision, ..options };
    let input = whole::<T, _>((n, c, h, w), seed, case.layouts[0]);
    let weight = whole::<T, _>((o, c, kh, kw), seed + 1, case.layouts[1]);
    let bias: Option<Array1<T>> = case.bias.then(|| whole(o, seed + 2, case.layouts[0]));
    let bias = bias.as_ref().map(|bias| bias.view());
    let actual = same_on_any_threads(|| conv2d(input.view(), weight.view(), bias, options));
    let expected = reference::conv2d(input.view(), weight.view(), bias, options);
    assert_equal(&actual, &expected);
    let by_gemm = same_on_any_threads(|| conv2d_im2col(input.view(), weight.view(), bias, options));
    assert_equal(&by_gemm, &expected);
}

proptest! {
    #![proptest_config(config(300))]
    #[test]
    fn equals_the_reference(case in cases()) {
        check::<f32>(&case);
        check::<f64>(&case);
    }
}

/// Shapes of the network, which exercise every block size.
fn network_cases() -> impl Iterator<Item = Case> {
    // C, O, size, kernel, stride, padding, batch.
    let shapes = [
        (3, 64, 96, 7, 2, 3, 1),
        (64, 64, 24, 1, 1, 0, 1),
        (64, 192, 24, 3, 1, 1, 1),
        (16, 32, 12, 5, 1, 2, 3),
        (128, 256, 12, 3, 2, 1, 2),
        (640, 32, 6, 1, 1, 0, 3),
        (64, 128, 6, 5, 2, 2, 17),
        (96, 384, 3, 3, 1, 1, 33),
    ];
    shapes.into_iter().map(|(c, o, size, kernel, stride, padding, n)| Case {
        n,
        c,
        o,
        image: [size, size],
        kernel: [kernel, kernel],
        options: Conv2dOptions {
            stride: [stride, stride],
            padding: Padding2d::same(padding),
            activation: Activation::Relu,
            ..Conv2dOptions::default()
        },
        bias: true,
        layouts: [Layout::Standard; 2],
        seed: 7,
    })
}

#[test]
fn equals_the_reference_on_network_shapes() {
    for case in network_cases() {
        check::<f32>(&case);
        check_backward(&case);
    }
}

#[test]
fn one_image_gives_the_same_bits_as_in_a_batch() {
    let input = random::<f32, _>((40, 24, 3, 3), 1, Layout::Standard);
    let weight = random::<f32, _>((20, 24, 3, 3), 2, Layout::Standard);
    let options = Conv2dOptions { padding: Padding2d::same(1), ..Conv2dOptions::default() };
    let all = conv2d(input.view(), weight.view(), None, options);
    for n in 0..40 {
        let one = input.slice(ndarray::s![n..=n, .., .., ..]);
        let one = conv2d(one, weight.view(), None, options);
        assert_eq!(one, all.slice(ndarray::s![n..=n, .., .., ..]), "image {n}");
    }
}

#[test]
fn by_hand() {
    let input = plane([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
    let weight = plane([[1.0, 0.0], [0.0, -2.0]]);
    let bias = array![10.0];
    let plain = conv2d(input.view(), weight.view(), Some(bias.view()), Conv2dOptions::default());
    assert_eq!(plain, plane([[1.0, 0.0], [-2.0, -3.0]]));

    let options = Conv2dOptions {
        stride: [2, 1],
        padding: Padding2d { top: 1, bottom: 0, left: 0, right: 1 },
        activation: Activation::Relu,
        ..Conv2dOptions::default()
    };
    let padded = conv2d(input.view(), weight.view(), Some(bias.view()), options);
    assert_eq!(padded, plane([[6.0, 4.0, 10.0], [0.0, 0.0, 16.0]]));
}

#[test]
fn an_empty_batch_or_no_channels() {
    let weight = random::<f32, _>((4, 3, 1, 1), 1, Layout::Standard);
    let none = random::<f32, _>((0, 3, 5, 5), 1, Layout::Standard);
    assert_eq!(
        conv2d(none.view(), weight.view(), None, Conv2dOptions::default()).dim(),
        (0, 4, 5, 5)
    );
    let weight = random::<f32, _>((2, 0, 3, 3), 1, Layout::Standard);
    let empty = random::<f32, _>((2, 0, 5, 5), 1, Layout::Standard);
    let bias = array![1.0, -1.0];
    let output = conv2d(empty.view(), weight.view(), Some(bias.view()), Conv2dOptions::default());
    assert_eq!(output.dim(), (2, 2, 3, 3));
    assert!(output.outer_iter().all(|image| image[[0, 0, 0]] == 1.0 && image[[1, 2, 2]] == -1.0));
}

#[test]
fn output_sizes() {
    let options =
        Conv2dOptions { stride: [2, 2], padding: Padding2d::same(3), ..Default::default() };
    assert_eq!(options.output_size([96, 96], [7, 7]), Some([48, 48]));
    assert_eq!(options.output_size([0, 1], [7, 7]), None);
    assert_eq!(options.output_size([96, 96], [0, 7]), None);
    let options = Conv2dOptions { stride: [0, 1], ..Default::default() };
    assert_eq!(options.output_size([9, 9], [3, 3]), None);
    let options = Conv2dOptions { padding: Padding2d::same(usize::MAX), ..Default::default() };
    assert_eq!(options.output_size([9, 9], [3, 3]), None);
}

#[test]
#[should_panic(expected = "input has 3 channels, weight takes 4")]
fn different_channels_panic_with_both_numbers() {
    let input = random::<f32, _>((1, 3, 5, 5), 1, Layout::Standard);
    let weight = random::<f32, _>((2, 4, 3, 3), 1, Layout::Standard);
    conv2d(input.view(), weight.view(), None, Conv2dOptions::default());
}

#[test]
fn layouts_hold_the_same_values() {
    let standard = random::<f32, _>((2, 3, 4, 5), 3, Layout::Standard);
    for layout in [Layout::Transposed, Layout::Strided, Layout::Backwards] {
        let other = laid_out(standard.view(), layout);
        assert_eq!(other, standard, "{layout:?}");
        assert!(!other.is_standard_layout(), "{layout:?}");
    }
}

fn small_cases() -> impl Strategy<Value = Case> {
    (
        (1..4_usize, 1..4_usize, 1..5_usize),
        [1..7_usize, 1..7_usize],
        [1..5_usize, 1..5_usize],
        [1..4_usize, 1..4_usize],
        paddings(),
        [layouts(), layouts()],
        0..u64::MAX / 2,
    )
        .prop_map(|((n, c, o), image, kernel, stride, padding, layouts, seed)| {
            let options = Conv2dOptions { stride, padding, ..Conv2dOptions::default() };
            Case { n, c, o, image, kernel, options, bias: true, layouts, seed }
        })
        .prop_filter("the kernel fits", |case| {
            case.options.output_size(case.image, case.kernel).is_some()
        })
}

proptest! {
    #![proptest_config(config(60))]
    #[test]
    fn backward_equals_differences(case in small_cases()) {
        let Case { n, c, o, image: [h, w], kernel: [kh, kw], options, seed, .. } = case;
        let [oh, ow] = options.output_size(case.image, case.kernel).expect("filtered");
        let input = whole::<f64, _>((n, c, h, w), seed, case.layouts[0]);
        let weight = whole::<f64, _>((o, c, kh, kw), seed + 1, case.layouts[1]);
        let bias: Array1<f64> = whole(o, seed + 2, Layout::Standard);
        let gradient = whole::<f64, _>((n, o, oh, ow), seed + 3, case.layouts[1]);

        let actual = conv2d_backward_input(gradient.view(), weight.view(), [h, w], options);
        let of_input = |input: ArrayView4<'_, f64>| reference::conv2d(input, weight.view(), None, options);
        assert_linear_gradient(input.view(), gradient.view(), of_input, &actual);

        let actual = conv2d_backward_weight(input.view(), gradient.view(), [kh, kw], options);
        let of_weight = |weight: ArrayView4<'_, f64>| reference::conv2d(input.view(), weight, None, options);
        assert_linear_gradient(weight.view(), gradient.view(), of_weight, &actual);

        let actual = conv2d_backward_bias(gradient.view());
        let of_bias = |bias: ArrayView1<'_, f64>| reference::conv2d(input.view(), weight.view(), Some(bias), options);
        assert_linear_gradient(bias.view(), gradient.view(), of_bias, &actual);
    }

    /// Cases that are small enough for differences do not fill a block.
    #[test]
    fn backward_equals_the_reference(case in cases()) {
        check_backward(&case);
    }
}

fn check_backward(case: &Case) {
    for precision in precisions() {
        check_backward_in(case, precision);
    }
}

fn check_backward_in(case: &Case, precision: Precision) {
    let Case { n, c, o, image: [h, w], kernel: [kh, kw], options, seed, .. } = *case;
    let options = Conv2dOptions { activation: Activation::None, precision, ..options };
    let [oh, ow] = options.output_size(case.image, case.kernel).expect("the kernel fits");
    let input = whole::<f32, _>((n, c, h, w), seed, case.layouts[0]);
    let weight = whole::<f32, _>((o, c, kh, kw), seed + 1, case.layouts[1]);
    let gradient = whole::<f32, _>((n, o, oh, ow), seed + 3, case.layouts[0]);
    let wide = |array: &Array4<f32>| array.mapv(f64::from);
    let (wide_input, wide_weight, wide_gradient) = (wide(&input), wide(&weight), wide(&gradient));

    let actual = same_on_any_threads(|| {
        conv2d_backward_input(gradient.view(), weight.view(), [h, w], options)
    });
    let expected =
        reference::conv2d_backward_input(wide_gradient.view(), wide_weight.view(), [h, w], options);
    assert_equal(&wide(&actual), &expected);

    let actual = same_on_any_threads(|| {
        conv2d_backward_weight(input.view(), gradient.view(), [kh, kw], options)
    });
    let expected = reference::conv2d_backward_weight(
        wide_input.view(),
        wide_gradient.view(),
        [kh, kw],
        options,
    );
    assert_equal(&wide(&actual), &expected);
}
