//! `l2_normalize`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use ndarray::{Array2, array};
use proptest::prelude::*;
use tensor::reference;

use crate::fixed::two;

#[track_caller]
fn check(n: usize, i: usize, epsilon: f64) {
    assert_operator(
        &[distinct(&[n, i], 1)],
        |x| x[0].l2_normalize(epsilon),
        |x| reference::l2_normalize(two(&x[0]), epsilon).into_dyn(),
    );
}

#[test]
fn cases() {
    check(1, 2, 1e-12);
    check(1, 7, 1e-12);
    check(4, 3, 1e-12);
    // All rows shorter than epsilon says.
    check(3, 2, 10.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes((n, i) in (1..5_usize, 2..7_usize)) {
        check(n, i, 1e-12);
    }
}

#[test]
fn a_row_of_zeros_has_a_finite_derivative() {
    let tape = Tape::new();
    let x = tape.parameter(Array2::<f64>::zeros((1, 3)));
    let gradients = x.l2_normalize(1e-12).sum().backward();
    let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
    assert!(found.iter().all(|slope| (slope - 1e6).abs() < 1.0), "{found:?}");
}

/// The clamp jumps at equality: inside lengths are fixed, outside they are not.
#[test]
fn the_clamp_on_both_sides() {
    let slope = |length: f64| {
        let tape = Tape::new();
        let x = tape.parameter(array![[length, 0.0]]);
        let gradients = x.l2_normalize(1.0).sum().backward();
        gradients.get(&x).map(|gradient| [gradient[[0, 0]], gradient[[0, 1]]])
    };
    assert_eq!(slope(0.999), Some([1.0, 1.0]));
    assert_eq!(slope(1.0), Some([0.0, 1.0]));
}
