//! `concat`.

use autograd::Var;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::{Axis, concatenate};
use proptest::prelude::*;

#[track_caller]
fn check(axis: usize, shapes: &[&[usize]]) {
    let parts: Vec<_> = (1..).zip(shapes).map(|(seed, shape)| random(shape, seed)).collect();
    assert_operator(
        &parts,
        |x| Var::concat(axis, &x.iter().collect::<Vec<_>>()).square(),
        |x| concatenate(Axis(axis), x).expect("the case's shapes fit").mapv(|value| value * value),
    );
}

#[test]
fn cases() {
    check(0, &[&[3]]);
    check(0, &[&[3], &[2], &[1]]);
    check(1, &[&[2, 3], &[2, 1]]);
    check(0, &[&[2, 3], &[0, 3], &[1, 3]]);
    check(2, &[&[2, 1, 3], &[2, 1, 2]]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(shape in [1..4_usize, 1..4_usize, 1..4_usize], axis in 0..3_usize, lengths in proptest::collection::vec(0..3_usize, 1..4)) {
        let shapes: Vec<_> = lengths
            .iter()
            .map(|length| {
                let mut part = shape;
                part[axis] = *length;
                part
            })
            .collect();
        check(axis, &shapes.iter().map(|shape| &shape[..]).collect::<Vec<_>>());
    }
}

#[test]
fn a_variable_with_itself() {
    assert_operator(
        &[random(&[2, 2], 1)],
        |x| Var::concat(1, &[&x[0], &x[0]]).square(),
        |x| concatenate![Axis(1), x[0], x[0]].mapv(|value| value * value),
    );
}

#[test]
#[should_panic(expected = "concat: part 1 has shape [3, 3], the first [2, 3], along axis 1")]
fn different_lengths_panic() {
    check(1, &[&[2, 3], &[3, 3]]);
}
