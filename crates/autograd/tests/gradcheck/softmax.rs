//! `softmax`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use ndarray::{ArrayD, ArrayViewD, Axis, array};
use proptest::prelude::*;

fn reference(scores: &ArrayViewD<'_, f64>) -> ArrayD<f64> {
    let powers = scores.mapv(f64::exp);
    &powers / &powers.sum_axis(Axis(1)).insert_axis(Axis(1))
}

#[track_caller]
fn check(n: usize, k: usize) {
    assert_operator(&[between(&[n, k], -2.0, 2.0, 1)], |x| x[0].softmax(), |x| reference(&x[0]));
}

#[test]
fn cases() {
    check(1, 1);
    check(1, 5);
    check(4, 3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes((n, k) in (1..5_usize, 1..6_usize)) {
        check(n, k);
    }
}

#[test]
fn great_scores_do_not_overflow() {
    let tape = Tape::new();
    let x = tape.parameter(array![[1e4, 1e4 - 1e3], [-1e308, -1e308]]);
    assert_eq!(x.softmax().value(), array![[1.0, 0.0], [0.5, 0.5]].into_dyn());
}
