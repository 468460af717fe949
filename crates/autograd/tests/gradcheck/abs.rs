//! `abs`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize]) {
    assert_operator(&[distinct(shape, 1)], |x| x[0].abs(), |x| x[0].mapv(f64::abs));
}

#[test]
fn cases() {
    check(&[]);
    check(&[5]);
    check(&[1, 4]);
    check(&[2, 3, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(shape in proptest::collection::vec(0..4_usize, 0..5)) {
        check(&shape);
    }
}

#[test]
fn the_kink_on_both_sides_and_at_zero() {
    let tape = autograd::Tape::new();
    let x = tape.parameter(ndarray::array![-1e-300, -0.0, 0.0, 1e-300]);
    let gradients = x.abs().sum().backward();
    assert_eq!(gradients.get(&x), Some(&ndarray::array![-1.0, 0.0, 0.0, 1.0].into_dyn()));
}
