//! `sum` and `sum_axis`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::{Axis, arr0};
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize]) {
    let points = random(shape, 1);
    assert_operator(&[points], |x| x[0].sum(), |x| arr0(x[0].sum()).into_dyn());
}

#[track_caller]
fn check_axis(shape: &[usize], axis: usize) {
    assert_operator(&[random(shape, 1)], |x| x[0].sum_axis(axis), |x| x[0].sum_axis(Axis(axis)));
}

#[test]
fn cases() {
    check(&[]);
    check(&[5]);
    check(&[2, 3, 2]);
    check_axis(&[5], 0);
    check_axis(&[2, 3], 0);
    check_axis(&[2, 3], 1);
    check_axis(&[2, 1, 3, 2], 1);
    check_axis(&[2, 1, 3, 2], 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(1..4_usize, 1..5), axis in any::<proptest::sample::Index>()) {
        check(&shape);
        check_axis(&shape, axis.index(shape.len()));
    }
}

#[test]
fn of_no_values() {
    check(&[0, 3]);
    check_axis(&[0, 3], 0);
    check_axis(&[0, 3], 1);
}

#[test]
#[should_panic(expected = "sum_axis: axis 2 of shape [2, 3]")]
fn an_axis_that_is_not_there_panics() {
    check_axis(&[2, 3], 2);
}
