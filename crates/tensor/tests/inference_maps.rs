//! Programs that return maps: depthwise convolutions, sums with upsampled values, several
//! outputs. Values are such that all results are exact, so that programs must equal the
//! operators.

use ndarray::{Array4, ArrayView1, Axis};
use proptest::prelude::*;
use tensor::ops::{self, Conv2dOptions};
use tensor::{Activation, Padding2d};

use crate::inference::check;
use crate::support::{Layout, config, layouts, whole};

/// The values of some arrays, image by image.
fn joined(arrays: &[&Array4<f32>]) -> Array4<f32> {
    let n = arrays[0].len_of(Axis(0));
    let images = (0..n).flat_map(|image| {
        arrays.iter().flat_map(move |array| array.index_axis(Axis(0), image).into_iter().copied())
    });
    let values: Vec<f32> = images.collect();
    Array4::from_shape_vec((n, values.len() / n, 1, 1), values).expect("images are alike")
}

proptest! {
    #![proptest_config(config(60))]

    #[test]
    fn depthwise_convolutions(
        (n, c) in (1_usize..=3, 1_usize..=40),
        (h, w) in (1_usize..=20, 1_usize..=20),
        kernel in [1_usize..=5, 1_usize..=5],
        stride in [1_usize..=3, 1_usize..=3],
        padding in [0_usize..=2, 0_usize..=2, 0_usize..=2, 0_usize..=2],
        relu in any::<bool>(),
        layout in layouts(),
    ) {
        let [top, bottom, left, right] = padding;
        let options = Conv2dOptions {
            stride,
            padding: Padding2d { top, bottom, left, right },
            activation: if relu { Activation::Relu } else { Activation::None },
            ..Conv2dOptions::default()
        };
        prop_assume!(options.output_size([h, w], kernel).is_some());
        let images = whole::<f32, _>((n, c, h, w), 1, layout);
        let weight = whole::<f32, _>((c, 1, kernel[0], kernel[1]), 2, Layout::Standard);
        let bias: Vec<f32> = (0..c).map(|c| (c % 7) as f32 - 3.0).collect();
        let view = ArrayView1::from(&bias[..]);
        let expected = ops::depthwise_conv2d(images.view(), weight.view(), Some(view), options);
        check(&images, &expected, &Array4::zeros(expected.dim()), |mut builder| {
            let input = builder.input();
            let output = builder.depthwise("depthwise", input, weight.clone(), &bias, options);
            builder.finish(output)
        });
    }

    /// A path down and up again; the finer sum is read with a border, the coarser value by two
    /// steps and as an output, another value through padding.
    #[test]
    fn a_pyramid_of_several_outputs(
        n in 1_usize..=3,
        c in 1_usize..=10,
        o in 1_usize..=36,
        (h, w) in (1_usize..=9, 1_usize..=9),
    ) {
        let images = whole::<f32, _>((n, c, 2 * h, 2 * w), 3, Layout::Standard);
        let first = whole::<f32, _>((o, c, 1, 1), 4, Layout::Standard);
        let kernels = whole::<f32, _>((o, 1, 3, 3), 5, Layout::Standard);
        let zeros = vec![0.0; o];
        let plain = Conv2dOptions::default();
        let same = Conv2dOptions { padding: Padding2d::same(1), ..plain };
        let halving = Conv2dOptions { stride: [2, 2], ..same };
        let narrow = Conv2dOptions { stride: [2, 2], ..plain };
        let border = Padding2d { top: 1, left: 1, ..Padding2d::default() };

        let fine = ops::conv2d(images.view(), first.view(), None, plain);
        let coarse = ops::depthwise_conv2d(fine.view(), kernels.view(), None, halving);
        let sum = &fine + &ops::upsample2d(coarse.view());
        let smooth = ops::depthwise_conv2d(sum.view(), kernels.view(), None, same);
        let is_large = h > 1 && w > 1;
        let other = is_large.then(|| {
            let small = ops::depthwise_conv2d(fine.view(), kernels.view(), None, narrow);
            &fine + &ops::upsample2d(ops::pad2d(small.view(), border).view())
        });
        let mut outputs = vec![&smooth, &coarse, &fine];
        outputs.extend(other.as_ref());
        let expected = joined(&outputs);
        check(&images, &expected, &Array4::zeros(expected.dim()), |mut builder| {
            let input = builder.input();
            let fine = builder.convolution("fine", input, first.clone(), &zeros, plain);
            let coarse = builder.depthwise("coarse", fine, kernels.clone(), &zeros, halving);
            let sum = builder.add_upsampled("sum", fine, coarse);
            let smooth = builder.depthwise("smooth", sum, kernels.clone(), &zeros, same);
            let mut outputs = vec![smooth, coarse, fine];
            if is_large {
                let small = builder.depthwise("small", fine, kernels.clone(), &zeros, narrow);
                let padded = builder.pad("padded", small, border);
                outputs.push(builder.add_upsampled("other", fine, padded));
            }
            builder.finish_all(&outputs, &[])
        });
    }
}

#[test]
fn outputs_have_shapes() {
    let mut builder = tensor::inference::ProgramBuilder::new([3, 8, 6]);
    let input = builder.input();
    let weight = Array4::<f32>::ones((3, 1, 2, 2));
    let halving = Conv2dOptions { stride: [2, 2], ..Conv2dOptions::default() };
    let coarse = builder.depthwise("coarse", input, weight, &[0.0; 3], halving);
    let sum = builder.add_upsampled("sum", input, coarse);
    let program = builder.finish_all(&[sum, coarse], &[]);
    assert_eq!(program.output_shapes().collect::<Vec<_>>(), [[3, 8, 6], [3, 4, 3]]);
    assert_eq!(program.outputs(), 3 * 8 * 6 + 3 * 4 * 3);
    let mut result = vec![0.0; program.outputs()];
    program.run(Array4::ones((1, 3, 8, 6)).view(), &mut result);
    assert!(result[..144].iter().all(|value| *value == 5.0));
    assert!(result[144..].iter().all(|value| *value == 4.0));
}

#[test]
#[should_panic(expected = "sum: upsampled by two, 3 x 2 x 2 differs")]
fn other_sizes_panic() {
    let mut builder = tensor::inference::ProgramBuilder::new([3, 5, 4]);
    let input = builder.input();
    let halving = Conv2dOptions { stride: [2, 2], ..Conv2dOptions::default() };
    let weight = Array4::<f32>::ones((3, 1, 2, 2));
    let coarse = builder.depthwise("coarse", input, weight, &[0.0; 3], halving);
    builder.add_upsampled("sum", input, coarse);
}
