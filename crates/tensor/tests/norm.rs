//! `batch_norm` against its reference.

use ndarray::{Array1, Array4, array};
use proptest::prelude::*;
use tensor::ops::{BatchNorm, BatchNormTrain, batch_norm, batch_norm_backward, batch_norm_train};
use tensor::{Activation, Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_close, layouts, plane, random, same_on_any_threads, tolerance,
};

fn check<T: Element>(shape: [usize; 4], epsilon: f64, layout: Layout, seed: u64) {
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
    assert_close(&actual, &reference::batch_norm(input.view(), &parameters), tolerance::<T>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn equals_the_reference(
        shape in [0..4_usize, 1..6_usize, 0..6_usize, 1..6_usize],
        epsilon in prop_oneof![Just(1e-5), Just(1e-3)],
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check::<f32>(shape, epsilon, layout, seed);
        check::<f64>(shape, epsilon, layout, seed);
    }
}

#[test]
fn by_hand() {
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

fn check_training<T: Element>(shape: [usize; 4], relu: bool, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let [scale, shift]: [Array1<T>; 2] =
        [1, 2].map(|offset| random(shape[1], seed + offset, layout));
    let activation = if relu { Activation::Relu } else { Activation::None };
    let parameters =
        BatchNormTrain { scale: scale.view(), shift: shift.view(), epsilon: 1e-3, activation };
    let (expected, statistics) = reference::batch_norm_train(input.view(), &parameters);
    let actual = same_on_any_threads(|| batch_norm_train(input.view(), &parameters).0);
    // A narrow spread magnifies rounding.
    let tolerance = 4.0 * tolerance::<T>();
    assert_close(&actual, &expected, tolerance);
    let (_, actual) = batch_norm_train(input.view(), &parameters);
    assert_close(&actual.mean, &statistics.mean, tolerance);
    assert_close(&actual.variance, &statistics.variance, tolerance);
    assert_close(&actual.inverse_deviation, &statistics.inverse_deviation, tolerance);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn training_equals_the_reference(
        shape in [1..5_usize, 1..30_usize, 1..8_usize, 1..8_usize],
        relu in any::<bool>(),
        layout in layouts(),
        seed in 0..u64::MAX / 2,
    ) {
        check_training::<f32>(shape, relu, layout, seed);
        check_training::<f64>(shape, relu, layout, seed);
    }

    #[test]
    fn backward_equals_differences(
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
        let backward = || batch_norm_backward(input.view(), gradient.view(), &parameters, &statistics);
        same_on_any_threads(|| backward().input);
        let actual = backward();
        let of_input = |input: ndarray::ArrayView4<'_, f64>| reference::batch_norm_train(input, &parameters).0;
        assert_gradient(input.view(), gradient.view(), of_input, &actual.input);
        let of_scale = |scale: ndarray::ArrayView1<'_, f64>| {
            let shift = shift.view();
            let moved = BatchNormTrain { scale, shift, epsilon: 0.1, activation };
            reference::batch_norm_train(input.view(), &moved).0
        };
        assert_gradient(scale.view(), gradient.view(), of_scale, &actual.scale);
        let of_shift = |shift: ndarray::ArrayView1<'_, f64>| {
            let scale = scale.view();
            let moved = BatchNormTrain { scale, shift, epsilon: 0.1, activation };
            reference::batch_norm_train(input.view(), &moved).0
        };
        assert_gradient(shift.view(), gradient.view(), of_shift, &actual.shift);
    }
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
