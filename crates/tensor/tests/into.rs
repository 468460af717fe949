//! `…_into` and `…_in_place` against the operators that return an array: they write the same
//! bits and depend on no old value.

use ndarray::{Array1, Array4, ArrayViewMut4, s};
use tensor::ops::*;
use tensor::{Activation, Padding2d};

use crate::support::{Layout, random};

/// Checks that `write` fills an array full of NaN with `expected`, also when it is a
/// slice of channels of a larger array, and touches nothing else.
#[track_caller]
fn assert_writes(expected: &Array4<f32>, write: impl Fn(ArrayViewMut4<'_, f32>)) {
    let (n, c, h, w) = expected.dim();
    let mut larger = Array4::from_elem((n, c + 3, h, w), f32::NAN);
    write(larger.slice_mut(s![.., 2..c + 2, .., ..]));
    assert_eq!(larger.slice(s![.., 2..c + 2, .., ..]), expected);
    assert!(larger.slice(s![.., ..2, .., ..]).iter().all(|value| value.is_nan()));
    assert!(larger.slice(s![.., c + 2.., .., ..]).iter().all(|value| value.is_nan()));
}

#[test]
fn convolution() {
    let input = random::<f32, _>((5, 20, 6, 7), 1, Layout::Standard);
    let weight = random::<f32, _>((24, 20, 3, 3), 2, Layout::Standard);
    let bias: Array1<f32> = random(24, 3, Layout::Standard);
    for stride in [[1, 1], [2, 1]] {
        let padding = Padding2d::same(1);
        let options = Conv2dOptions {
            stride,
            padding,
            activation: Activation::Relu,
            ..Conv2dOptions::default()
        };
        let expected = conv2d(input.view(), weight.view(), Some(bias.view()), options);
        assert_writes(&expected, |output| {
            conv2d_into(input.view(), weight.view(), Some(bias.view()), options, output);
        });
    }
}

#[test]
fn convolution_into_a_transposed_array() {
    let input = random::<f32, _>((2, 3, 6, 7), 1, Layout::Standard);
    let weight = random::<f32, _>((4, 3, 3, 3), 2, Layout::Standard);
    let expected = conv2d(input.view(), weight.view(), None, Conv2dOptions::default());
    let mut output = Array4::zeros((5, 4, 4, 2)).reversed_axes();
    conv2d_into(input.view(), weight.view(), None, Conv2dOptions::default(), output.view_mut());
    assert_eq!(output, expected);
}

#[test]
fn convolution_backward() {
    let weight = random::<f32, _>((24, 20, 2, 3), 2, Layout::Standard);
    // The last stride leaves rows that no tap sees: zeros must be written there.
    for (stride, image) in [([1, 1], [6, 7]), ([2, 2], [6, 7]), ([4, 1], [7, 7])] {
        let options = Conv2dOptions { stride, ..Conv2dOptions::default() };
        let [oh, ow] = options.output_size(image, [2, 3]).expect("fits");
        let gradient = random::<f32, _>((3, 24, oh, ow), 1, Layout::Standard);
        let expected = conv2d_backward_input(gradient.view(), weight.view(), image, options);
        assert_writes(&expected, |target| {
            conv2d_backward_input_into(gradient.view(), weight.view(), options, target);
        });
    }
}

#[test]
fn pools() {
    let input = random::<f32, _>((3, 4, 7, 6), 1, Layout::Standard);
    let options = Pool2dOptions { kernel: [3, 2], stride: [3, 1] };
    type Pool = fn(ndarray::ArrayView4<'_, f32>, Pool2dOptions) -> Array4<f32>;
    type PoolInto = fn(ndarray::ArrayView4<'_, f32>, Pool2dOptions, ArrayViewMut4<'_, f32>);
    let pools: [(Pool, PoolInto); 3] = [
        (max_pool2d, max_pool2d_into),
        (average_pool2d, average_pool2d_into),
        (l2_pool2d, l2_pool2d_into),
    ];
    for (pool, pool_into) in pools {
        let expected = pool(input.view(), options);
        assert_writes(&expected, |output| pool_into(input.view(), options, output));
    }

    let (expected, expected_indices) = max_pool2d_with_indices(input.view(), options);
    let mut indices = Array4::from_elem(expected_indices.dim(), u32::MAX);
    let mut output = Array4::from_elem(expected.dim(), f32::NAN);
    max_pool2d_with_indices_into(input.view(), options, output.view_mut(), indices.view_mut());
    assert_eq!((&output, &indices), (&expected, &expected_indices));

    let gradient = random::<f32, _>(expected.raw_dim(), 2, Layout::Standard);
    let expected = max_pool2d_backward(gradient.view(), indices.view(), [7, 6]);
    assert_writes(&expected, |target| {
        max_pool2d_backward_into(gradient.view(), indices.view(), target);
    });
    let expected = average_pool2d_backward(gradient.view(), [7, 6], options);
    assert_writes(&expected, |target| {
        average_pool2d_backward_into(gradient.view(), options, target);
    });
}

#[test]
fn padding_and_concatenation() {
    let input = random::<f32, _>((3, 4, 5, 6), 1, Layout::Standard);
    let other = random::<f32, _>((3, 2, 5, 6), 2, Layout::Transposed);
    let padding = Padding2d { top: 1, bottom: 0, left: 2, right: 3 };
    let padded = pad2d(input.view(), padding);
    assert_writes(&padded, |output| pad2d_into(input.view(), padding, output));
    assert_writes(&input, |target| pad2d_backward_into(padded.view(), padding, target));
    let inputs = [input.view(), other.view()];
    let expected = concat_channels(&inputs);
    assert_writes(&expected, |output| concat_channels_into(&inputs, output));
}

#[test]
fn batch_normalization() {
    let input = random::<f32, _>((4, 6, 5, 5), 1, Layout::Standard);
    let gradient = random::<f32, _>((4, 6, 5, 5), 2, Layout::Standard);
    let [scale, shift]: [Array1<f32>; 2] = [3, 4].map(|seed| random(6, seed, Layout::Standard));
    let parameters = BatchNormTrain {
        scale: scale.view(),
        shift: shift.view(),
        epsilon: 1e-5,
        activation: Activation::Relu,
    };
    let (expected, statistics) = batch_norm_train(input.view(), &parameters);
    assert_writes(&expected, |output| {
        let again = batch_norm_train_into(input.view(), &parameters, output);
        assert_eq!(again.mean, statistics.mean);
    });
    let mut expected = gradient.clone();
    let expected_sums =
        batch_norm_backward_in_place(input.view(), expected.view_mut(), &parameters, &statistics);
    assert_writes(&expected, |mut target| {
        target.assign(&gradient);
        let sums = batch_norm_backward_in_place(input.view(), target, &parameters, &statistics);
        assert_eq!(sums, expected_sums);
    });
}

#[test]
#[should_panic(expected = "the output is (1, 2, 3, 4), not (1, 2, 4, 5)")]
fn a_wrong_shape_panics_with_both() {
    let input = random::<f32, _>((1, 2, 3, 4), 1, Layout::Standard);
    let padding = Padding2d { top: 1, bottom: 0, left: 0, right: 1 };
    pad2d_into(input.view(), padding, Array4::zeros((1, 2, 3, 4)).view_mut());
}

#[test]
#[should_panic(expected = "a plane of the output is not contiguous, its strides are [2, 6]")]
fn a_plane_that_is_not_contiguous_panics() {
    let input = random::<f32, _>((1, 2, 3, 4), 1, Layout::Standard);
    let mut output = Array4::zeros((4, 3, 2, 1)).reversed_axes();
    let padding = Padding2d::default();
    pad2d_into(input.view(), padding, output.view_mut());
}
