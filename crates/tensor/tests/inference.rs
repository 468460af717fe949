//! Compiled programs against the operators that they consist of, at every level, with one
//! thread and several, at sizes that leave incomplete tiles.

use ndarray::{Array2, Array4, Axis};
use proptest::prelude::*;
use tensor::inference::{Precision, Program, ProgramBuilder};
use tensor::ops::{self, Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use tensor::{Activation, Level, Padding2d};

use crate::support::{Layout, config, layouts, random, roundings, whole};
use crate::winograd::{self, Form, bf16};

/// Runs a program on pools of one to three threads; the bits must be the same.
fn run(program: &Program, images: &Array4<f32>) -> Vec<f32> {
    let results = [1, 2, 3].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("a pool of a few threads");
        let mut results = vec![f32::NAN; images.len_of(Axis(0)) * program.outputs()];
        pool.install(|| program.run(images.view(), &mut results));
        results
    });
    assert!(results[0] == results[1] && results[0] == results[2], "threads change the result");
    let [first, ..] = results;
    first
}

/// Compares a program of every level with the operators; `bound` is the greatest error of
/// each value.
pub(crate) fn check<'w>(
    images: &Array4<f32>,
    expected: &Array4<f32>,
    bound: &Array4<f64>,
    build: impl Fn(ProgramBuilder<'w>) -> Program,
) {
    for level in Level::available() {
        check_at(level, Precision::F32, images, expected, bound, &build);
    }
}

/// Compares a program with expected values.
fn check_at<'w>(
    level: Level,
    precision: Precision,
    images: &Array4<f32>,
    expected: &Array4<f32>,
    bound: &Array4<f64>,
    build: impl Fn(ProgramBuilder<'w>) -> Program,
) {
    let (_, c, h, w) = images.dim();
    let program = build(ProgramBuilder::at_level([c, h, w], level).precision(precision));
    let actual = run(&program, images);
    assert_eq!(actual.len(), expected.len());
    for (at, ((actual, expected), bound)) in actual.iter().zip(expected).zip(bound).enumerate() {
        let error = (f64::from(*actual) - f64::from(*expected)).abs();
        assert!(
            error <= *bound,
            "{level}, {precision}: value {at} is {actual}, expected {expected}, off by \
             {error:e}, at most {bound:e} allowed"
        );
    }
}

/// How far a convolution of [`whole`] values may be from the exact result, which the direct
/// method computes: the roundings of the forms of Winograd's method that a program may use.
///
/// The transforms take at most sixteen roundings of each product, its sum one for each
/// channel, and weight, product and bias one each.
fn convolution_bound(
    images: &Array4<f32>,
    weight: &Array4<f32>,
    options: Conv2dOptions,
    outputs: (usize, usize, usize, usize),
) -> Array4<f64> {
    let images = ops::pad2d(images.view(), options.padding).mapv(f64::from);
    let weight = weight.mapv(f64::from);
    let [images, weight] = match options.stride {
        [1, 1] => [images, weight],
        _ => winograd::phases(&images, &weight),
    };
    let (_, c, kernel, _) = weight.dim();
    let mut bound = Array4::zeros(outputs);
    // More than four phases of four channels are computed directly.
    if options.stride == [1, 1] || c <= 16 {
        for form in Form::of(kernel) {
            let magnitude = form.magnitude(&images, &weight) + 4.0;
            let errors = magnitude * roundings::<f32>(c + 20);
            bound.zip_mut_with(&errors, |bound: &mut f64, error| *bound = bound.max(*error));
        }
    }
    bound
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn convolutions_of_every_form(
        n in 1_usize..=4,
        c in 1_usize..=36,
        o in 1_usize..=70,
        h in 1_usize..=17,
        w in 1_usize..=17,
        kernel in 1_usize..=7,
        stride in 1_usize..=2,
        padding in 0_usize..=3,
        relu in any::<bool>(),
        layout in layouts(),
    ) {
        prop_assume!(h + 2 * padding >= kernel && w + 2 * padding >= kernel);
        let images = whole::<f32, _>((n, c, h, w), 1, layout);
        let weight = whole::<f32, _>((o, c, kernel, kernel), 2, Layout::Standard);
        let bias: Vec<f32> = (0..o).map(|o| (o % 7) as f32 - 3.0).collect();
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(padding),
            activation: if relu { Activation::Relu } else { Activation::None },
            ..Conv2dOptions::default()
        };
        let bias_view = ndarray::ArrayView1::from(&bias[..]);
        let expected = ops::conv2d(images.view(), weight.view(), Some(bias_view), options);
        let bound = convolution_bound(&images, &weight, options, expected.dim());
        check(&images, &expected, &bound, |mut builder| {
            let input = builder.input();
            let output = builder.convolution("conv", input, weight.clone(), &bias, options);
            builder.finish(output)
        });
    }

    /// Multiples of 1/8 up to one are bf16 numbers, so the direct method is exact; the
    /// numbers that Winograd's method forms are rounded as in the definition.
    #[test]
    fn convolutions_in_bf16(
        n in 1_usize..=4,
        blocks in 1_usize..=3,
        o in 1_usize..=70,
        h in 1_usize..=17,
        w in 1_usize..=17,
        kernel in 1_usize..=7,
        stride in 1_usize..=2,
    ) {
        if !Precision::Bf16.is_available_at(Level::best()) {
            return Ok(());
        }
        prop_assume!(h + 2 >= kernel && w + 2 >= kernel);
        check_bf16(n, 16 * blocks, o, [h, w], kernel, stride);
    }

    /// Graphs unlike those of the network: materialized padding, branches of odd widths, a
    /// branch with a second reader, the input as a branch.
    #[test]
    fn unusual_branches(
        n in 1_usize..=3,
        c in 1_usize..=20,
        h in 3_usize..=9,
        w in 3_usize..=9,
        o in 1_usize..=33,
        top in 0_usize..=2,
        right in 0_usize..=2,
    ) {
        let images = random::<f32, _>((n, c, h, w), 3, Layout::Standard);
        let weight = random::<f32, _>((o, c, 1, 1), 4, Layout::Standard);
        let zeros = vec![0.0; o];
        let options = Conv2dOptions::default();
        let pool = Pool2dOptions::square(3, 1);
        let padding = Padding2d { top, right, bottom: 2, left: 1 };
        let lrn = LocalResponseNormOptions::default();
        let a = ops::conv2d(images.view(), weight.view(), None, options);
        let b = ops::max_pool2d(ops::pad2d(a.view(), Padding2d::same(1)).view(), pool);
        let d = ops::concat_channels(&[a.view(), images.view(), b.view(), a.view()]);
        let padded = ops::pad2d(d.view(), padding);
        let expected = ops::average_pool2d(
            ops::local_response_norm(padded.view(), lrn).view(),
            Pool2dOptions::square(2, 2),
        );
        // A convolution is off by the roundings of a sum of `c` products of at most one, the
        // normalization and both pools by some of their results.
        let size = c as f64;
        let error = 2.0 * roundings::<f32>(c + 2) * size + roundings::<f32>(60) * size;
        let bound = Array4::from_elem(expected.dim(), error);
        check(&images, &expected, &bound, |mut builder| {
            let input = builder.input();
            let a = builder.convolution("a", input, weight.clone(), &zeros, options);
            let b = builder.pad("pad", a, Padding2d::same(1));
            let b = builder.max_pool("b", b, pool);
            let d = builder.concat("d", &[a, input, b, a]);
            let padded = builder.pad("padded", d, padding);
            let normed = builder.local_response_norm("lrn", padded, lrn);
            let output = builder.average_pool("pool", normed, Pool2dOptions::square(2, 2));
            builder.finish(output)
        });
    }

    #[test]
    fn a_head_of_dense_layers(n in 1_usize..=12, c in 1_usize..=40, side in 1_usize..=3) {
        // Sums of these values are exact.
        let images = whole::<f32, _>((n, c, side, side), 5, Layout::Standard);
        let features = c * side * side;
        let weight = whole::<f32, _>((21, features, 1, 1), 6, Layout::Standard);
        let weight = weight.to_shape((21, features)).expect("as many values").to_owned();
        let flat: Array2<f32> = images.to_shape((n, features)).expect("as many values").to_owned();
        let dense = ops::dense(flat.view(), weight.view(), None);
        let expected = ops::l2_normalize(dense.view(), 1e-12);
        let expected = expected.insert_axis(Axis(2)).insert_axis(Axis(3));
        let bound = expected.mapv(|value: f32| 2.0 * roundings::<f32>(30) * f64::from(value.abs()));
        check(&images, &expected, &bound, |mut builder| {
            let input = builder.input();
            let zeros = [0.0; 21];
            let x = builder.dense("dense", input, weight.view(), &zeros, Activation::None);
            let output = builder.l2_normalize("length", x, 1e-12);
            builder.finish(output)
        });
    }
}

/// Compares a convolution in bf16 with its definition in plain loops.
fn check_bf16(n: usize, c: usize, o: usize, [h, w]: [usize; 2], kernel: usize, stride: usize) {
    let images = whole::<f32, _>((n, c, h, w), 1, Layout::Standard);
    let weight = whole::<f32, _>((o, c, kernel, kernel), 2, Layout::Standard);
    let bias = vec![1.0; o];
    let options = Conv2dOptions {
        stride: [stride; 2],
        padding: Padding2d::same(1),
        ..Conv2dOptions::default()
    };
    let bias_view = ndarray::ArrayView1::from(&bias[..]);
    let exact = ops::conv2d(images.view(), weight.view(), Some(bias_view), options);
    let padded = ops::pad2d(images.view(), options.padding).mapv(f64::from);
    let wide = weight.mapv(f64::from);
    let forms = if stride == 1 { Form::of(kernel) } else { Vec::new() };
    // A program uses one of the forms, or the direct method on small images.
    let mut candidates = vec![(exact.clone(), Array4::zeros(exact.dim()))];
    candidates.extend(forms.into_iter().map(|form| {
        let [values, sizes] = form.convolve(&padded, &wide, bf16);
        // The products are exact; their sum takes a rounding for each channel, the transform
        // of the output at most eight, the bias one, the expected value another.
        let bound = (sizes + 1.0) * roundings::<f32>(c + 12);
        (values.mapv(|value| (value + 1.0) as f32), bound)
    }));
    let build = |mut builder: ProgramBuilder<'static>| {
        let input = builder.input();
        let output = builder.convolution("conv", input, weight.clone(), &bias, options);
        builder.finish(output)
    };
    let program =
        build(ProgramBuilder::at_level([c, h, w], Level::best()).precision(Precision::Bf16));
    let actual = run(&program, &images);
    let is_within = |(expected, bound): &(Array4<f32>, Array4<f64>)| {
        let errors = actual.iter().zip(expected).map(|(a, b)| f64::from((a - b).abs()));
        errors.zip(bound).all(|(error, bound)| error <= *bound)
    };
    assert!(
        candidates.iter().any(is_within),
        "n {n}, c {c}, o {o}, h {h}, w {w}, kernel {kernel}, stride {stride}: no method gives this"
    );
}
