//! `maximum`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use ndarray::array;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize], floor: f64) {
    // The points are nowhere near the floor.
    let points = distinct(shape, 1).mapv(|value| value + floor);
    assert_operator(&[points], |x| x[0].maximum(floor), |x| x[0].mapv(|value| value.max(floor)));
}

#[test]
fn cases() {
    check(&[], 0.0);
    check(&[5], 0.2);
    check(&[2, 3, 2], -0.7);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(0..4_usize, 0..5), floor in -2.0..2.0) {
        check(&shape, floor);
    }
}

#[test]
fn the_kink_on_both_sides_and_at_the_floor() {
    let tape = Tape::new();
    let x = tape.parameter(array![0.5 - 1e-16, 0.5, 0.5 + 2e-16, f64::NAN]);
    let output = x.maximum(0.5);
    assert_eq!(output.value().as_slice().map(|values| values[3].is_nan()), Some(true));
    let gradients = output.sum().backward();
    assert_eq!(gradients.get(&x), Some(&array![0.0, 0.0, 1.0, 1.0].into_dyn()));
}
