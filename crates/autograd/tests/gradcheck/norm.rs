//! batch_norm, batch_norm_train, batch_norm_relu_train, l2_normalize, local_response_norm.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::{between, distinct, random};
use autograd::{RunningStatistics, Tape};
use ndarray::{Array1, Array2, Array4, ArrayD, ArrayViewD, array};
use proptest::prelude::*;
use tensor::ops::{BatchNorm, BatchNormTrain, LocalResponseNormOptions};
use tensor::{Activation, reference};

use crate::config;
use crate::fixed::{four, one, two};

const EPSILON: f64 = 1e-3;

fn trained(x: &[ArrayViewD<'_, f64>], activation: Activation) -> ArrayD<f64> {
    let parameters =
        BatchNormTrain { scale: one(&x[1]), shift: one(&x[2]), epsilon: EPSILON, activation };
    reference::batch_norm_train(four(&x[0]), &parameters).0.into_dyn()
}

#[track_caller]
fn check_train(shape: [usize; 4], seed: u64) {
    let [_, c, ..] = shape;
    assert_operator(
        &[distinct(&shape, seed), random(&[c], 2), random(&[c], 3)],
        |x| x[0].batch_norm_train(&x[1], &x[2], EPSILON).0,
        |x| trained(x, Activation::None),
    );
}

/// Checks only points that are far from the kink.
#[track_caller]
fn check_relu(shape: [usize; 4], seed: u64) {
    let [_, c, ..] = shape;
    let inputs = [distinct(&shape, seed), between(&[c], 0.5, 1.5, 2), random(&[c], 3)];
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    let nearest = trained(&views, Activation::None).iter().fold(1.0, |n: f64, y| n.min(y.abs()));
    // Differences are meaningless across the kink.
    if nearest < 1e-3 {
        return;
    }
    assert_operator(
        &inputs,
        |x| x[0].batch_norm_relu_train(&x[1], &x[2], EPSILON).0,
        |x| trained(x, Activation::Relu),
    );
}

#[track_caller]
fn check_fixed(shape: [usize; 4]) {
    let [_, c, ..] = shape;
    let fixed = |points: ArrayD<f64>| -> Array1<f64> { points.iter().copied().collect() };
    let statistics = RunningStatistics {
        mean: fixed(random(&[c], 4)),
        variance: fixed(between(&[c], 0.5, 2.0, 5)),
    };
    assert_operator(
        &[random(&shape, 1), random(&[c], 2), random(&[c], 3)],
        |x| x[0].batch_norm(&x[1], &x[2], &statistics, EPSILON),
        |x| {
            let parameters = BatchNorm {
                scale: one(&x[1]),
                shift: one(&x[2]),
                mean: statistics.mean.view(),
                variance: statistics.variance.view(),
                epsilon: EPSILON,
            };
            reference::batch_norm(four(&x[0]), &parameters).into_dyn()
        },
    );
}

#[track_caller]
fn check_l2_normalize(n: usize, i: usize, epsilon: f64) {
    assert_operator(
        &[distinct(&[n, i], 1)],
        |x| x[0].l2_normalize(epsilon),
        |x| reference::l2_normalize(two(&x[0]), epsilon).into_dyn(),
    );
}

#[track_caller]
fn check_local_response_norm(shape: [usize; 4], options: LocalResponseNormOptions) {
    assert_operator(
        &[random(&shape, 1)],
        |x| x[0].local_response_norm(options),
        |x| reference::local_response_norm(four(&x[0]), options).into_dyn(),
    );
}

#[test]
fn batch_norms() {
    for check in [|shape| check_train(shape, 1), |shape| check_relu(shape, 1), check_fixed] {
        check([1, 2, 3, 2]);
        check([2, 3, 2, 2]);
        check([3, 1, 1, 2]);
        check([4, 2, 1, 1]);
        check([2, 1, 3, 3]);
    }
}

#[test]
fn lengths() {
    check_l2_normalize(1, 2, 1e-12);
    check_l2_normalize(1, 7, 1e-12);
    check_l2_normalize(4, 3, 1e-12);
    // All rows are shorter than the root of epsilon.
    check_l2_normalize(3, 2, 10.0);
}

#[test]
fn local_responses() {
    let strong = LocalResponseNormOptions { alpha: 2.0, ..LocalResponseNormOptions::default() };
    check_local_response_norm([1, 1, 1, 1], strong);
    check_local_response_norm([1, 7, 2, 2], strong);
    check_local_response_norm([3, 6, 1, 2], LocalResponseNormOptions { size: 3, ..strong });
    let other = LocalResponseNormOptions { size: 4, beta: 0.5, k: 2.0, ..strong };
    check_local_response_norm([2, 4, 2, 1], other);
    check_local_response_norm([2, 9, 1, 1], LocalResponseNormOptions::default());
}

proptest! {
    #![proptest_config(config(15))]
    #[test]
    fn random_batch_norms(
        shape in [1..4_usize, 1..4_usize, 1..4_usize, 1..4_usize],
        seed in 0..1000_u64,
    ) {
        let [n, _, h, w] = shape;
        prop_assume!(n * h * w > 1);
        check_train(shape, seed);
        check_relu(shape, seed);
        check_fixed(shape);
    }

    #[test]
    fn random_lengths((n, i) in (1..5_usize, 2..7_usize)) {
        check_l2_normalize(n, i, 1e-12);
    }

    #[test]
    fn random_local_responses(
        shape in [1..3_usize, 1..8_usize, 1..3_usize, 1..3_usize],
        size in 1..7_usize,
        (alpha, beta, k) in (0.0..3.0, 0.2..1.5, 0.5..2.0),
    ) {
        check_local_response_norm(shape, LocalResponseNormOptions { size, alpha, beta, k });
    }
}

#[test]
fn relu_on_both_sides_of_the_kink_and_at_zero() {
    let tape = Tape::new();
    // Mean zero, so outputs are -1, 0 and 1 over a deviation.
    let row = [-1.0, 0.0, 1.0];
    let x = tape.constant(Array4::from_shape_fn((1, 1, 1, 3), |(.., at)| row[at]));
    let (scale, shift) = (tape.parameter(array![1.0]), tape.parameter(array![0.0]));
    let (output, _) = x.batch_norm_relu_train(&scale, &shift, 0.0);
    let gradients = output.sum().backward();
    // One output of three is positive, and its normalized input is √1.5.
    assert_eq!(gradients.get(&shift), Some(&array![1.0].into_dyn()));
    let slope = gradients.get(&scale).map(|slope| slope[[0]]);
    assert!(slope.is_some_and(|slope: f64| (slope - 1.5_f64.sqrt()).abs() < 1e-15), "{slope:?}");
}

#[test]
fn returns_mean_and_unbiased_variance() {
    let tape = Tape::new();
    let values = [0.0, 3.0, 6.0, 3.0];
    let x = tape.constant(Array4::from_shape_fn((2, 1, 1, 2), |(n, .., w)| values[2 * n + w]));
    let (scale, shift) = (tape.constant(array![1.0]), tape.constant(array![0.0]));
    let (_, moments) = x.batch_norm_train(&scale, &shift, EPSILON);
    assert_eq!(moments.mean, array![3.0]);
    assert_eq!(moments.variance, array![6.0]);

    let mut running = RunningStatistics::new(1);
    running.update(&moments, 0.25);
    assert_eq!(running.mean, array![0.75]);
    assert_eq!(running.variance, array![2.25]);

    let single = tape.constant(random(&[1, 1, 1, 1], 1));
    let (_, moments) = single.batch_norm_train(&scale, &shift, EPSILON);
    assert_eq!(moments.variance, array![0.0], "of a single value");
}

#[test]
fn a_row_of_zeros_has_a_finite_derivative() {
    let tape = Tape::new();
    let x = tape.parameter(Array2::<f64>::zeros((1, 3)));
    let gradients = x.l2_normalize(1e-12).sum().backward();
    let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
    assert!(found.iter().all(|slope| (slope - 1e6).abs() < 1.0), "{found:?}");
}

/// The derivative jumps where the squared length equals epsilon.
#[test]
fn the_clamp_on_both_sides() {
    let slope = |length: f64| {
        let tape = Tape::new();
        let x = tape.parameter(array![[length, 0.0]]);
        let gradients = x.l2_normalize(1.0).sum().backward();
        gradients.get(&x).map(|gradient| [gradient[[0, 0]], gradient[[0, 1]]])
    };
    assert_eq!(slope(0.999), Some([1.0, 1.0]));
    assert_eq!(slope(1.0), Some([0.0, 1.0]));
}
