//! Learning rates.

use autograd::Schedule;

#[test]
fn constant() {
    let schedule = Schedule::Constant { rate: 0.25 };
    assert_eq!([0, 1, u64::MAX].map(|step| schedule.rate(step)), [0.25; 3]);
}

#[test]
fn cosine_with_warm_up() {
    let schedule = Schedule::Cosine { peak: 0.05, floor: 0.001, warm_up: 3, steps: 15 };
    // From NumPy.
    #[rustfmt::skip]
    let expected = [
        0.016666666666666666, 0.03333333333333333, 0.05, 0.05, 0.04916518274408217,
        0.046717622392718754, 0.04282411613907042, 0.03775, 0.03184106660501176, 0.0255,
        0.01915893339498824, 0.01325, 0.008175883860929586, 0.004282377607281252,
        0.0018348172559178291, 0.001, 0.001,
    ];
    for (step, expected) in (0..).zip(expected) {
        let rate = schedule.rate(step);
        assert!((rate - expected).abs() < 1e-16, "step {step}: {rate}, {expected} expected");
    }
}

#[test]
fn cosine_that_is_all_warm_up_or_nothing() {
    let warm = Schedule::Cosine { peak: 1.0, floor: 0.1, warm_up: 4, steps: 4 };
    assert_eq!([0, 3, 4, 9].map(|step| warm.rate(step)), [0.25, 1.0, 0.1, 0.1]);
    let nothing = Schedule::Cosine { peak: 1.0, floor: 0.1, warm_up: 0, steps: 0 };
    assert_eq!(nothing.rate(0), 0.1);
}

#[test]
fn steps_down() {
    let schedule = Schedule::Step { rate: 1.0, factor: 0.5, every: 10 };
    assert_eq!(
        [0, 9, 10, 19, 20, 30].map(|step| schedule.rate(step)),
        [1.0, 1.0, 0.5, 0.5, 0.25, 0.125]
    );
    let never = Schedule::Step { rate: 1.0, factor: 0.5, every: 0 };
    assert_eq!(never.rate(1000), 1.0);
}
