//! `ln`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::between;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize]) {
    assert_operator(&[between(shape, 0.3, 3.0, 1)], |x| x[0].ln(), |x| x[0].mapv(f64::ln));
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
