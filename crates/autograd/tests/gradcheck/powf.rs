//! `powf`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use ndarray::array;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize], low: f64, exponent: f64) {
    let points = between(shape, low, 2.0, 1);
    assert_operator(&[points], |x| x[0].powf(exponent), |x| x[0].mapv(|x| x.powf(exponent)));
}

#[test]
fn cases() {
    check(&[4], 0.3, 0.5);
    check(&[4], 0.3, -0.75);
    check(&[2, 3], -2.0, 3.0);
    check(&[2, 3], -2.0, 1.0);
    check(&[2, 3], -2.0, 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(0..4_usize, 0..4), exponent in -3.0..3.0) {
        check(&shape, 0.5, exponent);
    }
}

#[test]
fn at_zero() {
    let tape = Tape::new();
    let x = tape.parameter(array![0.0]);
    for (exponent, expected) in [(0.0, 0.0), (0.5, f64::INFINITY), (1.0, 1.0), (2.0, 0.0)] {
        let gradients = x.powf(exponent).sum().backward();
        assert_eq!(gradients.get(&x), Some(&array![expected].into_dyn()), "exponent {exponent}");
    }
}
