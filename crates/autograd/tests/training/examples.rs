//! The examples reach the accuracy that their documentation states.

use autograd::Error;
use autograd::gradcheck::{GradientCheck, points::distinct};

#[allow(dead_code, reason = "`main` is the example's")]
#[path = "../../examples/gradcheck.rs"]
mod gradcheck;
#[allow(dead_code, reason = "`main` is the example's")]
#[path = "../../examples/shapes.rs"]
mod shapes;
#[allow(dead_code, reason = "`main` is the example's")]
#[path = "../../examples/two_moons.rs"]
mod two_moons;

#[test]
fn two_moons_are_classified() {
    for seed in 1..4 {
        let accuracy = two_moons::train(seed).expect("the names differ");
        assert!(accuracy >= 0.98, "seed {seed}: {accuracy}");
    }
}

#[test]
fn shapes_are_classified() {
    for seed in 1..4 {
        let accuracy = shapes::train(seed).expect("the names differ");
        assert!(accuracy >= 0.95, "seed {seed}: {accuracy}");
    }
}

#[test]
fn the_checked_operator_is_right_and_its_fault_is_found() {
    let inputs = [distinct(&[4, 3], 1), distinct(&[], 2)];
    let check = GradientCheck::default();
    let agreement = check.run(&inputs, |x| gradcheck::swish(&x[0], &x[1], 1.0));
    assert_eq!(agreement.expect("it is right").compared, 13);
    let wrong = check.run(&inputs, |x| gradcheck::swish(&x[0], &x[1], 0.9));
    assert!(matches!(wrong, Err(Error::GradientMismatch { input: 0, .. })), "{wrong:?}");
}
