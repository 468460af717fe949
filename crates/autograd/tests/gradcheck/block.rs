//! Operators together: a small Inception block with its loss.

use autograd::Var;
use autograd::gradcheck::points::{between, random};
use autograd::gradcheck::{GradientCheck, assert_gradient};
use ndarray::ArrayD;
use tensor::Padding2d;
use tensor::ops::{Conv2dOptions, Pool2dOptions};

const EPSILON: f64 = 1e-3;

/// Input, then weight, bias, scale and shift of each of four convolutions, then the
/// dense layer's.
fn inputs(n: usize) -> Vec<ArrayD<f64>> {
    let mut inputs = vec![random(&[n, 3, 5, 5], 1)];
    for (seed, shape) in (10..).zip([[2, 3, 1, 1], [3, 2, 3, 3], [2, 3, 1, 1], [2, 3, 1, 1]]) {
        inputs.push(random(&shape, seed));
        inputs.push(random(&shape[..1], seed + 100));
        inputs.push(between(&shape[..1], 0.5, 1.5, seed + 200));
        inputs.push(random(&shape[..1], seed + 300));
    }
    inputs.push(random(&[4, 28], 2));
    inputs.push(random(&[4], 3));
    inputs
}

/// Three branches joined by channels, pooled, made unit vectors, and a hinge of their
/// distances. The input feeds three consumers.
fn loss(x: &[Var<f64>]) -> Var<f64> {
    let unit = |input: &Var<f64>, parameters: &[Var<f64>], padding: usize| {
        let padding = Padding2d::same(padding);
        let options = Conv2dOptions { padding, ..Conv2dOptions::default() };
        let output = input.conv2d(&parameters[0], Some(&parameters[1]), options);
        output.batch_norm_relu_train(&parameters[2], &parameters[3], EPSILON).0
    };
    let wide = unit(&unit(&x[0], &x[1..5], 0), &x[5..9], 1);
    let pooled = x[0].l2_pool2d(Pool2dOptions::square(3, 2));
    let padding = Padding2d { top: 1, bottom: 2, left: 1, right: 2 };
    let pooled = unit(&pooled, &x[9..13], 0).pad2d(padding);
    let narrow = unit(&x[0], &x[13..17], 0);
    let joined = Var::concat_channels(&[&wide, &pooled, &narrow]);
    let small = joined.max_pool2d(Pool2dOptions::square(3, 2));
    let encoding = small.flatten().dense(&x[17], Some(&x[18])).l2_normalize(1e-12);
    let count = encoding.shape()[0];
    let others: Vec<usize> = (1..=count).map(|row| row % count).collect();
    let distances = (&encoding - &encoding.select_rows(&others)).square().sum_axis(1);
    (&distances + 0.2).maximum(0.0).sum()
}

#[test]
fn every_derivative_of_a_block() {
    assert_gradient(&inputs(2), loss);
}

#[test]
fn along_random_directions() {
    let agreement = GradientCheck { step: 1e-6, ..GradientCheck::default() }
        .run_along(5, &inputs(3), loss)
        .expect("the derivatives agree");
    assert_eq!(agreement.compared, 5);
}
