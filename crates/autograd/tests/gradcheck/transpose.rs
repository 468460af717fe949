//! `transpose` and `permute`.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::IxDyn;
use proptest::prelude::*;

#[track_caller]
fn check(shape: &[usize], order: &[usize]) {
    assert_operator(
        &[random(shape, 1)],
        |x| x[0].permute(order).square(),
        |x| x[0].mapv(|value| value * value).permuted_axes(IxDyn(order)),
    );
}

#[test]
fn cases() {
    check(&[3], &[0]);
    check(&[2, 3], &[1, 0]);
    check(&[2, 3, 4], &[1, 2, 0]);
    check(&[2, 1, 3, 2], &[0, 2, 3, 1]);
}

#[test]
fn transposes() {
    for shape in [&[][..], &[3], &[2, 3], &[2, 3, 4]] {
        let input = [random(shape, 1)];
        assert_operator(&input, |x| x[0].transpose().exp(), |x| x[0].t().mapv(f64::exp));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn orders(
        shape in proptest::collection::vec(1..4_usize, 4),
        order in Just(vec![0, 1, 2, 3]).prop_shuffle(),
    ) {
        check(&shape, &order);
    }
}

#[test]
fn copies_nothing() {
    let tape = Tape::new();
    let x = tape.parameter(random(&[4, 6], 1));
    assert_eq!(x.value().as_ptr(), x.transpose().value().as_ptr());
}

#[test]
#[should_panic(expected = "permute: order [0, 0] of the axes of shape [2, 3]")]
fn an_axis_twice_panics() {
    check(&[2, 3], &[0, 0]);
}
