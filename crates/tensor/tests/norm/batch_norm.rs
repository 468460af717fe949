//! Batch normalization against its reference.

use ndarray::{Array1, Array4, ArrayView1, ArrayView4, Axis, array};
use proptest::prelude::*;
use tensor::ops::{
    BatchNorm, BatchNormTrain, batch_norm, batch_norm_backward_in_place, batch_norm_train,
};
use tensor::{Activation, Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_within, config, layouts, magnitudes, plane, random, roundings,
    same_on_any_threads,
};

fn check_fixed<T: Element>(shape: [usize; 4], epsilon: f64, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let [scale, shift, mean, root]: [Array1<T>; 4] =
        [1, 2, 3, 4].map(|offset| random(shape[1], seed + offset, layout));
    let variance = root.mapv(|root| root * root);
    let parameters = BatchNorm {
        scale: scale.view(),
        shift: shift.view(),
        mean: mean.view(),
        variance: variance.view(),
        epsilon,
    };
    let actual = same_on_any_threads(|| batch_norm(input.view(), &parameters));
    // `x f + (shift - mean f)` and `(x - mean) / deviation · scale + shift` have less than
    // ten roundings each, of values of these magnitudes.
    let number = |value: T| value.into_f64();
    let bound = Array4::from_shape_fn(input.dim(), |(n, c, y, x)| {
        let factor = number(scale[c]).abs() / (number(variance[c]) + epsilon).sqrt();
        let value = number(input[[n, c, y, x]]).abs() + number(mean[c]).abs();
        2.0 * roundings::<T>(10) * (value * factor + number(shift[c]).abs())
    });
    assert_within(&actual, &reference::batch_norm(input.view(), &parameters), &bound);
}

fn check_training<T: Element>(shape: [usize; 4], relu: bool, layout: Layout, seed: u64) {
    const EPSILON: f64 = 1e-3;
    let input = random::<T, _>(shape, seed, layout);
    let [scale, shift]: [Array1<T>; 2] =
        [1, 2].map(|offset| random(shape[1], seed + offset, layout));
    let activation = if relu { Activation::Relu } else { Activation::None };
    let parameters =
        BatchNormTrain { scale: scale.view(), shift: shift.view(), epsilon: EPSILON, activation };
    let (expected, expected_statistics) = reference::batch_norm_train(input.view(), &parameters);
    let actual = same_on_any_threads(|| batch_norm_train(input.view(), &parameters).0);
    let (_, statistics) = batch_norm_train(input.view(), &parameters);

    // How far two computations of a mean, a variance and its inverse root may differ, given
    // the roundings of sums of all values of a channel; then of an output.
    let [n, c, h, w] = shape;
    let error = 2.0 * roundings::<T>(n * h * w + 10);
    let magnitude = magnitudes(&input);
    let mut bounds = [(); 3].map(|()| Array1::zeros(c));
    let mut bound = Array4::zeros(input.dim());
    for c in 0..c {
        let channel = magnitude.index_axis(Axis(1), c);
        let number = |value: T| value.into_f64();
        let variance = number(expected_statistics.variance[c]);
        let of_mean = error * channel.mean().expect("values");
        let of_variance = error * (variance + of_mean * of_mean) + 2.0 * of_mean * of_mean;
        let inverse = 1.0 / (variance + EPSILON).sqrt();
        let relative = of_variance / (variance + EPSILON) + roundings::<T>(10);
        bounds[0][c] = of_mean;
        bounds[1][c] = of_variance;
        bounds[2][c] = inverse * relative;
        let factor = number(scale[c]).abs() * inverse;
        let mean = number(expected_statistics.mean[c]).abs();
        let shift = number(shift[c]).abs();
        for (bound, value) in bound.index_axis_mut(Axis(1), c).iter_mut().zip(channel.iter()) {
            let size = factor * (value + mean);
            *bound = factor * of_mean + size * relative + roundings::<T>(10) * (size + shift);
        }
    }
    assert_within(&actual, &expected, &bound);
    assert_within(&statistics.mean, &expected_statistics.mean, &bounds[0]);
    assert_within(&statistics.variance, &expected_statistics.variance, &bounds[1]);
    let expected = &expected_statistics.inverse_deviation;
    assert_within(&statistics.inverse_deviation, expected, &bounds[2]);
}

proptest! {
    #![proptest_config(config(80))]
    #[test]
    fn batch_norm_equals_the_reference(
        shape in [0..4_usize, 1..6_usize, 0..6_usize, 1..6_usize],
        epsilon in prop_oneof![Just(1e-5), Just(1e-3)],
        layout in layouts(),
        seed in 0..u64::MAX / 2,
    ) {
        check_fixed::<f32>(shape, epsilon, layout, seed);
        check_fixed::<f64>(shape, epsilon, layout, seed);
    }

    #[test]
    fn batch_norm_in_training_equals_the_reference(
        shape in [1..5_usize, 1..30_usize, 1..8_usize, 1..8_usize],
        relu in any::<bool>(),
        layout in layouts(),
        seed in 0..u64::MAX / 2,
    ) {
        check_training::<f32>(shape, relu, layout, seed);
        check_training::<f64>(shape, relu, layout, seed);
    }

    #[test]
    fn backward_of_batch_norm_equals_differences(
        shape in [1..4_usize, 1..4_usize, 1..4_usize, 1..4_usize],
        relu in any::<bool>(),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = random::<f64, _>(shape, seed, layouts[0]);
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let [scale, shift]: [Array1<f64>; 2] =
            [2, 3].map(|offset| random(shape[1], seed + offset, layouts[0]));
        let activation = if relu { Activation::Relu } else { Activation::None };
        let parameters = BatchNormTrain {
            scale: scale.view(),
            shift: shift.view(),
            epsilon: 0.1,
            activation,
        };
        let (plain, _) = reference::batch_norm_train(
            input.view(),
            &BatchNormTrain { activation: Activation::None, ..parameters },
        );
        // Differences are meaningless across the kink.
        prop_assume!(plain.iter().all(|value| value.abs() > 1e-3));
        let (_, statistics) = batch_norm_train(input.view(), &parameters);
        let backward = || {
            let mut gradient = gradient.as_standard_layout().into_owned();
            let others = batch_norm_backward_in_place(
                input.view(),
                gradient.view_mut(),
                &parameters,
                &statistics,
            );
            (gradient, others)
        };
        let actual = same_on_any_threads(|| backward().0);
        let [of_scale_actual, of_shift_actual] = backward().1;
        let of_input = |input: ArrayView4<'_, f64>| reference::batch_norm_train(input, &parameters).0;
        assert_gradient(input.view(), gradient.view(), of_input, &actual);
        let of_scale = |scale: ArrayView1<'_, f64>| {
            let shift = shift.view();
            let moved = BatchNormTrain { scale, shift, epsilon: 0.1, activation };
            reference::batch_norm_train(input.view(), &moved).0
        };
        assert_gradient(scale.view(), gradient.view(), of_scale, &of_scale_actual);
        let of_shift = |shift: ArrayView1<'_, f64>| {
            let scale = scale.view();
            let moved = BatchNormTrain { scale, shift, epsilon: 0.1, activation };
            reference::batch_norm_train(input.view(), &moved).0
        };
        assert_gradient(shift.view(), gradient.view(), of_shift, &of_shift_actual);
    }
}

#[test]
fn batch_norm_by_hand() {
    let [scale, shift, mean, variance] = [2.0, 10.0, 1.0, 15.0].map(|value| array![value]);
    let parameters = BatchNorm {
        scale: scale.view(),
        shift: shift.view(),
        mean: mean.view(),
        variance: variance.view(),
        epsilon: 1.0,
    };
    let output = batch_norm(plane([[1.0, 5.0, -7.0]]).view(), &parameters);
    assert_eq!(output, plane([[10.0, 12.0, 6.0]]));
}

#[test]
#[should_panic(expected = "variance has 2 values, input has 1 channels")]
fn a_wrong_length_panics_with_both_numbers() {
    let [one, two] = [array![1.0], array![1.0, 1.0]];
    let parameters = BatchNorm {
        scale: one.view(),
        shift: one.view(),
        mean: one.view(),
        variance: two.view(),
        epsilon: 1e-5,
    };
    batch_norm(plane([[1.0]]).view(), &parameters);
}

#[test]
fn the_variance_of_large_values_does_not_cancel() {
    let input = Array4::from_shape_fn((4, 1, 3, 3), |(n, ..)| 1e4 + n as f32);
    let [one, zero] = [array![1.0_f32], array![0.0]];
    let parameters = BatchNormTrain {
        scale: one.view(),
        shift: zero.view(),
        epsilon: 0.0,
        activation: Activation::None,
    };
    let (output, statistics) = batch_norm_train(input.view(), &parameters);
    assert_eq!(statistics.variance[0], 1.25);
    assert!((output[[0, 0, 0, 0]] + 1.5 / 1.25_f32.sqrt()).abs() < 1e-6);
}

#[test]
#[should_panic(expected = "no values, the input is 0 x 1 x 2 x 2")]
fn training_on_nothing_panics() {
    let [one, zero] = [array![1.0_f32], array![0.0]];
    let parameters = BatchNormTrain {
        scale: one.view(),
        shift: zero.view(),
        epsilon: 0.0,
        activation: Activation::None,
    };
    batch_norm_train(Array4::zeros((0, 1, 2, 2)).view(), &parameters);
}
