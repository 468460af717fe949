//! `slice_axis`.

use std::ops::Range;

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::{Axis, Slice};
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize], axis: usize, range: Range<usize>) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].slice_axis(axis, range.clone()).square(),
        |x| x[0].slice_axis(Axis(axis), Slice::from(range.clone())).mapv(|value| value * value),
    );
}

#[test]
fn cases() {
    check(&[4], 0, 1..3);
    check(&[4, 3], 0, 0..4);
    check(&[4, 3], 1, 2..3);
    check(&[2, 3, 4], 1, 0..2);
    check(&[4, 3], 1, 3..3);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn ranges(shape in [1..5_usize, 1..5_usize, 1..5_usize], axis in 0..3_usize, ends in [0..5_usize, 0..5_usize]) {
        let [start, end] = ends.map(|end| end.min(shape[axis]));
        check(&shape, axis, start.min(end)..start.max(end));
    }
}

#[test]
fn a_part_and_the_whole_add_up() {
    assert_operator(
        &[random(&[4, 2], 1)],
        |x| &x[0].slice_axis(0, 0..2) * &x[0].slice_axis(0, 1..3),
        |x| &x[0].slice_axis(Axis(0), (0..2).into()) * &x[0].slice_axis(Axis(0), (1..3).into()),
    );
}

#[test]
fn copies_nothing() {
    let tape = Tape::new();
    let x = tape.parameter(random(&[4, 6], 1));
    assert_eq!(x.value().as_ptr(), x.slice_axis(1, 0..2).value().as_ptr());
}

#[test]
#[should_panic(expected = "slice_axis: 1..4 of axis 1 of shape [4, 3]")]
fn a_range_that_is_too_long_panics() {
    check(&[4, 3], 1, 1..4);
}
