//! sum, sum_axis, mean, mean_axis.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::{Axis, arr0};
use proptest::prelude::*;

use crate::config;

#[track_caller]
fn check_sum(shape: &[usize]) {
    assert_operator(&[random(shape, 1)], |x| x[0].sum(), |x| arr0(x[0].sum()).into_dyn());
    for axis in 0..shape.len() {
        let input = [random(shape, 1)];
        assert_operator(&input, |x| x[0].sum_axis(axis), |x| x[0].sum_axis(Axis(axis)));
    }
}

#[track_caller]
fn check_mean(shape: &[usize]) {
    let input = [random(shape, 1)];
    let mean = |x: &[ndarray::ArrayViewD<'_, f64>]| arr0(x[0].mean().expect("values")).into_dyn();
    assert_operator(&input, |x| x[0].mean(), mean);
    for axis in 0..shape.len() {
        assert_operator(
            &input,
            |x| x[0].mean_axis(axis),
            |x| x[0].mean_axis(Axis(axis)).expect("values"),
        );
    }
}

#[test]
fn cases() {
    for shape in [&[][..], &[5], &[2, 3], &[2, 3, 2], &[2, 1, 3, 2]] {
        check_sum(shape);
        check_mean(shape);
    }
    check_sum(&[0, 3]);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(1..4_usize, 1..5)) {
        check_sum(&shape);
        check_mean(&shape);
    }
}

#[test]
#[should_panic(expected = "sum_axis: axis 2 of shape [2, 3]")]
fn an_axis_that_does_not_exist_panics() {
    let _ = autograd::Tape::new().constant(random(&[2, 3], 1)).sum_axis(2);
}

#[test]
#[should_panic(expected = "mean: no values in shape [0, 3]")]
fn the_mean_of_no_values_panics() {
    check_mean(&[0, 3]);
}

#[test]
#[should_panic(expected = "mean_axis: no values along axis 0 of shape [0, 3]")]
fn the_mean_along_no_values_panics() {
    let _ = autograd::Tape::new().constant(random(&[0, 3], 1)).mean_axis(0);
}
