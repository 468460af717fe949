//! Compiled programs against the operators that they consist of, at every level, with one
//! thread and several, at sizes that leave incomplete tiles.

use ndarray::{Array2, Array4, Axis};
use proptest::prelude::*;
use tensor::inference::{Precision, Program, ProgramBuilder};
use tensor::ops::{self, Conv2dOptions, LocalResponseNormOptions, Pool2dOptions};
use tensor::{Activation, Level, Padding2d};

use super::support::{Layout, layouts, random};

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

/// Compares a program of every level with the operators.
fn check<'w>(
    images: &Array4<f32>,
    expected: &Array4<f32>,
    build: impl Fn(ProgramBuilder<'w>) -> Program,
) {
    for level in Level::available() {
        check_at(level, Precision::F32, 1e-4, images, expected, &build);
    }
}

/// Compares a program with expected values; errors are relative to the largest value.
fn check_at<'w>(
    level: Level,
    precision: Precision,
    tolerance: f32,
    images: &Array4<f32>,
    expected: &Array4<f32>,
    build: impl Fn(ProgramBuilder<'w>) -> Program,
) {
    let (_, c, h, w) = images.dim();
    let scale = expected.iter().fold(1.0_f32, |most, value| most.max(value.abs()));
    let program = build(ProgramBuilder::at_level([c, h, w], level).precision(precision));
    let actual = run(&program, images);
    assert_eq!(actual.len(), expected.len());
    for (at, (actual, expected)) in actual.iter().zip(expected).enumerate() {
        let off = (actual - expected).abs();
        assert!(
            off <= tolerance * scale,
            "{level}, {precision}: value {at} is {actual}, expected {expected}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

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
        let images = random::<f32, _>((n, c, h, w), 1, layout);
        let weight = random::<f32, _>((o, c, kernel, kernel), 2, Layout::Standard);
        let bias: Vec<f32> = (0..o).map(|o| (o % 7) as f32 - 3.0).collect();
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(padding),
            activation: if relu { Activation::Relu } else { Activation::None },
        };
        let bias_view = ndarray::ArrayView1::from(&bias[..]);
        let expected = ops::conv2d(images.view(), weight.view(), Some(bias_view), options);
        check(&images, &expected, |mut builder| {
            let input = builder.input();
            let output = builder.convolution("conv", input, weight.clone(), &bias, options);
            builder.finish(output)
        });
    }

    /// Small whole numbers are bf16 numbers, so direct sums of their products are exact;
    /// Winograd's method forms numbers in between, which are rounded.
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
        let whole = |value: f32| (8.0 * value).round();
        let images = random::<f32, _>((n, 16 * blocks, h, w), 1, Layout::Standard).map(|v| whole(*v));
        let weight = random::<f32, _>((o, 16 * blocks, kernel, kernel), 2, Layout::Standard);
        let weight = weight.map(|value| whole(*value));
        let bias = vec![1.0; o];
        let options = Conv2dOptions {
            stride: [stride; 2],
            padding: Padding2d::same(1),
            activation: Activation::None,
        };
        let bias_view = ndarray::ArrayView1::from(&bias[..]);
        let expected = ops::conv2d(images.view(), weight.view(), Some(bias_view), options);
        let tolerance = if stride == 1 && (3..=5).contains(&kernel) { 0.06 } else { 0.0 };
        check_at(Level::best(), Precision::Bf16, tolerance, &images, &expected, |mut builder| {
            let input = builder.input();
            let output = builder.convolution("conv", input, weight.clone(), &bias, options);
            builder.finish(output)
        });
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
        check(&images, &expected, |mut builder| {
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
        let images = random::<f32, _>((n, c, side, side), 5, Layout::Standard);
        let features = c * side * side;
        let weight = random::<f32, _>((21, features, 1, 1), 6, Layout::Standard);
        let weight = weight.to_shape((21, features)).expect("as many values").to_owned();
        let flat: Array2<f32> = images.to_shape((n, features)).expect("as many values").to_owned();
        let dense = ops::dense(flat.view(), weight.view(), None);
        let expected = ops::l2_normalize(dense.view(), 1e-12);
        let expected = expected.insert_axis(Axis(2)).insert_axis(Axis(3));
        check(&images, &expected, |mut builder| {
            let input = builder.input();
            let zeros = [0.0; 21];
            let x = builder.dense("dense", input, weight.view(), &zeros, Activation::None);
            let output = builder.l2_normalize("length", x, 1e-12);
            builder.finish(output)
        });
    }
}
