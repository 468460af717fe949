//! Functions of single values: abs, exp, ln, maximum, powf, relu, sqrt, square.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::{between, distinct};
use autograd::{Tape, Var};
use ndarray::{ArrayD, array};
use proptest::prelude::*;
use tensor::reference;

use crate::config;

type Operator = fn(&Var<f64>) -> Var<f64>;
type Value = fn(f64) -> f64;
type Points = fn(&[usize]) -> ArrayD<f64>;

/// Operators, their definitions, and points where they are differentiable.
const UNARY: [(Operator, Value, Points); 12] = [
    (Var::abs, f64::abs, |shape| distinct(shape, 1)),
    (Var::exp, f64::exp, |shape| between(shape, -2.0, 2.0, 1)),
    (Var::ln, f64::ln, |shape| between(shape, 0.3, 3.0, 1)),
    (|x| x.maximum(0.2), |x| x.max(0.2), |shape| distinct(shape, 1).mapv(|x| x + 0.2)),
    (|x| x.maximum(-0.7), |x| x.max(-0.7), |shape| distinct(shape, 1).mapv(|x| x - 0.7)),
    (|x| x.powf(0.5), |x| x.powf(0.5), |shape| between(shape, 0.3, 2.0, 1)),
    (|x| x.powf(-0.75), |x| x.powf(-0.75), |shape| between(shape, 0.3, 2.0, 1)),
    (|x| x.powf(3.0), |x| x.powi(3), |shape| between(shape, -2.0, 2.0, 1)),
    (|x| x.powf(0.0), |_| 1.0, |shape| between(shape, -2.0, 2.0, 1)),
    (Var::relu, relu, |shape| distinct(shape, 1)),
    (Var::sqrt, f64::sqrt, |shape| between(shape, 0.3, 3.0, 1)),
    (Var::square, |x| x * x, |shape| between(shape, -2.0, 2.0, 1)),
];

fn relu(x: f64) -> f64 {
    reference::relu(array![x].view())[0]
}

#[track_caller]
fn check(shape: &[usize]) {
    for (operator, value, points) in UNARY {
        assert_operator(&[points(shape)], |x| operator(&x[0]), |x| x[0].mapv(value));
    }
}

#[test]
fn cases() {
    check(&[]);
    check(&[5]);
    check(&[1, 4]);
    check(&[2, 3, 2]);
    check(&[3, 2, 4, 4]);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(0..4_usize, 0..5)) {
        check(&shape);
    }

    #[test]
    fn exponents_and_floors(exponent in -3.0..3.0, floor in -2.0..2.0) {
        let powers = [between(&[2, 3], 0.5, 2.0, 1)];
        assert_operator(&powers, |x| x[0].powf(exponent), |x| x[0].mapv(|x| x.powf(exponent)));
        let maxima = [distinct(&[2, 3], 1).mapv(|x| x + floor)];
        assert_operator(&maxima, |x| x[0].maximum(floor), |x| x[0].mapv(|x| x.max(floor)));
    }
}

/// Asserts the derivatives of an operator at kinks and beside them.
#[track_caller]
fn assert_slopes(operator: Operator, points: &[f64], expected: &[f64]) {
    let tape = Tape::new();
    let x = tape.parameter(ndarray::Array1::from(points.to_vec()));
    let gradients = operator(&x).sum().backward();
    let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
    assert_eq!(found, expected, "at {points:?}");
}

#[test]
fn derivatives_at_kinks_and_poles() {
    assert_slopes(Var::abs, &[-1e-300, -0.0, 0.0, 1e-300], &[-1.0, 0.0, 0.0, 1.0]);
    assert_slopes(Var::relu, &[-1e-300, -0.0, 0.0, 1e-300], &[0.0, 0.0, 0.0, 1.0]);
    assert_slopes(|x| x.maximum(0.5), &[0.5 - 1e-16, 0.5, 0.5 + 2e-16], &[0.0, 0.0, 1.0]);
    assert_slopes(Var::sqrt, &[0.0, 4.0], &[0.0, 0.25]);
    assert_slopes(|x| x.powf(0.0), &[0.0], &[0.0]);
    assert_slopes(|x| x.powf(0.5), &[0.0], &[f64::INFINITY]);
    assert_slopes(|x| x.powf(1.0), &[0.0], &[1.0]);
    assert_slopes(|x| x.powf(2.0), &[0.0], &[0.0]);
    assert_slopes(Var::ln, &[0.0], &[f64::INFINITY]);
}

#[test]
fn nan_stays_nan() {
    for (operator, ..) in UNARY {
        let tape = Tape::new();
        let x = tape.parameter(array![f64::NAN]);
        let output = operator(&x);
        // Except that any number to the power of zero is one.
        let value = output.value()[[0]];
        assert!(value.is_nan() || value == 1.0, "{value}");
    }
    assert_slopes(|x| x.maximum(0.5), &[f64::NAN], &[1.0]);
}
