//! `sqrt`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize]) {
    assert_operator(&[between(shape, 0.3, 3.0, 1)], |x| x[0].sqrt(), |x| x[0].mapv(f64::sqrt));
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
fn at_zero_the_derivative_is_taken_as_zero() {
    let tape = autograd::Tape::new();
    let x = tape.parameter(ndarray::array![0.0, 4.0]);
    let gradients = x.sqrt().sum().backward();
    assert_eq!(gradients.get(&x), Some(&ndarray::array![0.0, 0.25].into_dyn()));
}
