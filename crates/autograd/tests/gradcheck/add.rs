//! `add`, with and without broadcasting.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use proptest::prelude::*;

#[track_caller]
fn check(left: &[usize], right: &[usize]) {
    let inputs = [between(left, -1.0, 2.0, 1), between(right, -1.0, 2.0, 2)];
    assert_operator(&inputs, |x| x[0].add(&x[1]), |x| &x[0] + &x[1]);
    assert_operator(&inputs, |x| &x[0] + &x[1], |x| &x[0] + &x[1]);
}

#[test]
fn cases() {
    check(&[3], &[3]);
    check(&[2, 3], &[2, 3]);
    check(&[2, 3], &[3]);
    check(&[3], &[2, 3]);
    check(&[2, 3], &[2, 1]);
    check(&[2, 1], &[1, 3]);
    check(&[2, 3, 2], &[]);
    check(&[], &[4]);
    check(&[], &[]);
    check(&[2, 1, 3, 1], &[4, 1, 2]);
    check(&[1, 2], &[1, 1, 1]);
}

#[test]
fn a_number() {
    assert_operator(&[between(&[2, 3], -1.0, 2.0, 1)], |x| &x[0] + 2.5, |x| &x[0] + 2.5);
}

#[test]
fn the_same_variable_twice() {
    assert_operator(&[between(&[3], 0.5, 2.0, 1)], |x| x[0].add(&x[0]), |x| &x[0] + &x[0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(
        lengths in proptest::collection::vec((1..4_usize, any::<[bool; 2]>()), 0..4),
        missing in 0..3_usize,
    ) {
        // An axis that is not kept has length one on that side.
        let side = |side: usize| -> Vec<usize> {
            lengths.iter().map(|(length, kept)| if kept[side] { *length } else { 1 }).collect()
        };
        let (left, right) = (side(0), side(1));
        check(&left, &right[missing.min(right.len())..]);
    }
}

#[test]
#[should_panic(expected = "add: shapes [2, 3] and [2] do not broadcast")]
fn shapes_that_do_not_broadcast_panic() {
    check(&[2, 3], &[2]);
}
