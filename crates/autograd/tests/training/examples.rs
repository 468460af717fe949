//! The examples reach the accuracy that their documentation states.

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
