//! `relu`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use ndarray::array;
use proptest::prelude::*;
use tensor::reference;

#[track_caller]
fn check(shape: &[usize]) {
    assert_operator(&[distinct(shape, 1)], |x| x[0].relu(), |x| reference::relu(x[0].clone()));
}

#[test]
fn cases() {
    check(&[]);
    check(&[5]);
    check(&[1, 1, 3, 3]);
    check(&[3, 2, 4, 4]);
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
    let tape = Tape::new();
    let x = tape.parameter(array![-1e-300, -0.0, 0.0, 1e-300]);
    let gradients = x.relu().sum().backward();
    assert_eq!(gradients.get(&x), Some(&array![0.0, 0.0, 0.0, 1.0].into_dyn()));
}
