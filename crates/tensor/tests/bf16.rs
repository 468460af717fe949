//! Convolutions in training with products of bf16 numbers, on values that bf16 does not have.
//!
//! A number x is rounded to x (1 + d) with |d| <= 2^-8: a product changes by at most 2^-7 +
//! 2^-16 of its size. Products of rounded numbers are exact in f32; a sum of n of them, in any
//! order, has a relative error of n roundings with respect to the sum of their sizes.

use ndarray::{Array4, Dimension};
use tensor::ops::{Conv2dOptions, conv2d, conv2d_backward_input, conv2d_backward_weight};
use tensor::{Level, Padding2d, Precision, reference};

use crate::support::{Layout, assert_within, random, roundings, same_on_any_threads};

/// The greatest change of a product by rounding both factors.
const PRODUCT: f64 = 1.0 / 128.0 + 1.0 / 65536.0;

/// The nearest bf16 number, ties to even, of a finite number.
fn rounded(value: f32) -> f32 {
    let bits = value.to_bits();
    f32::from_bits((bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
}

fn wide(array: &Array4<f32>) -> Array4<f64> {
    array.mapv(f64::from)
}

/// Holds a function of two arrays, a sum of `terms` products for each output, against the
/// function of the exact and of the rounded numbers.
#[track_caller]
fn check(
    [left, right]: [&Array4<f32>; 2],
    terms: usize,
    exact: impl Fn(&Array4<f64>, &Array4<f64>) -> Array4<f64>,
    actual: impl Fn(&Array4<f32>, &Array4<f32>) -> Array4<f32> + Sync,
) {
    let actual = same_on_any_threads(|| actual(left, right));
    let actual = wide(&actual);
    // Twice as many roundings as terms, because an instruction that adds two products may
    // round their sum, too.
    let sum = roundings::<f32>(2 * terms);

    let size = |array: &Array4<f32>| array.mapv(|value| f64::from(value.abs()));
    let sizes = exact(&size(left), &size(right));
    let bound = sizes.mapv(|size| size * (PRODUCT + sum * (1.0 + PRODUCT)));
    assert_within(&actual, &exact(&wide(left), &wide(right)), &bound);

    let [left, right] = [left, right].map(|array| wide(&array.mapv(rounded)));
    let sizes = exact(&left.mapv(f64::abs), &right.mapv(f64::abs));
    assert_within(&actual, &exact(&left, &right), &sizes.mapv(|size| size * sum));
}

#[test]
fn convolutions_and_derivatives_are_those_of_rounded_factors() {
    if !Precision::Bf16.is_available_at(Level::best()) {
        return;
    }
    // N, C, O, height, width, kernel, stride, padding: those of the network, and odd ones.
    for (seed, (n, c, o, h, w, k, s, p)) in [
        (2, 3, 64, 32, 32, 7, 2, 3),
        (3, 64, 48, 12, 12, 3, 1, 1),
        (1, 33, 17, 9, 11, 3, 1, 1),
        (5, 40, 70, 6, 6, 1, 1, 0),
        (4, 32, 64, 12, 12, 5, 2, 2),
        (3, 16, 33, 12, 12, 3, 2, 1),
        (17, 96, 50, 3, 3, 3, 1, 1),
        (2, 1, 1, 5, 4, 3, 3, 0),
    ]
    .into_iter()
    .enumerate()
    {
        let options = Conv2dOptions {
            stride: [s; 2],
            padding: Padding2d::same(p),
            precision: Precision::Bf16,
            ..Conv2dOptions::default()
        };
        let [oh, ow] = options.output_size([h, w], [k, k]).expect("the kernel fits");
        let seed = seed as u64;
        let input = random::<f32, _>((n, c, h, w), seed, Layout::Standard);
        let weight = random::<f32, _>((o, c, k, k), seed + 10, Layout::Standard);
        let gradient = random::<f32, _>((n, o, oh, ow), seed + 20, Layout::Standard);
        check(
            [&input, &weight],
            c * k * k,
            |input, weight| reference::conv2d(input.view(), weight.view(), None, options),
            |input, weight| conv2d(input.view(), weight.view(), None, options),
        );
        check(
            [&gradient, &weight],
            o * k * k,
            |gradient, weight| {
                reference::conv2d_backward_input(gradient.view(), weight.view(), [h, w], options)
            },
            |gradient, weight| {
                conv2d_backward_input(gradient.view(), weight.view(), [h, w], options)
            },
        );
        check(
            [&input, &gradient],
            n * oh * ow,
            |input, gradient| {
                reference::conv2d_backward_weight(input.view(), gradient.view(), [k, k], options)
            },
            |input, gradient| {
                conv2d_backward_weight(input.view(), gradient.view(), [k, k], options)
            },
        );
    }
}

#[test]
fn products_of_f64_stay_f64() {
    let input = random::<f64, _>((1, 3, 5, 5), 1, Layout::Standard);
    let weight = random::<f64, _>((2, 3, 3, 3), 2, Layout::Standard);
    let [single, half] = Precision::ALL.map(|precision| {
        let options = Conv2dOptions { precision, ..Conv2dOptions::default() };
        conv2d(input.view(), weight.view(), None, options)
    });
    assert_eq!(single, half);
}

#[test]
fn a_machine_without_them_is_told_so() {
    if Precision::Bf16.is_available_at(Level::best()) {
        return;
    }
    let image = random::<f32, _>((1, 2, 3, 3), 1, Layout::Standard);
    let options = Conv2dOptions { precision: Precision::Bf16, ..Conv2dOptions::default() };
    let attempt = std::panic::catch_unwind(|| conv2d(image.view(), image.view(), None, options));
    assert!(attempt.is_err(), "{:?}", image.raw_dim().slice());
}
