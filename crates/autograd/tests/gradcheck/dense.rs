//! `dense`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use proptest::prelude::*;
use tensor::reference;

use crate::fixed::{one, two};

#[track_caller]
fn check(n: usize, i: usize, o: usize, bias: bool) {
    let mut inputs = vec![random(&[n, i], 1), random(&[o, i], 2)];
    inputs.extend(bias.then(|| random(&[o], 3)));
    assert_operator(
        &inputs,
        |x| x[0].dense(&x[1], x.get(2)),
        |x| reference::dense(two(&x[0]), two(&x[1]), x.get(2).map(one)).into_dyn(),
    );
}

#[test]
fn cases() {
    check(1, 1, 1, true);
    check(1, 4, 3, true);
    check(5, 2, 3, false);
    check(3, 7, 2, true);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes((n, i, o) in (1..5_usize, 1..6_usize, 1..5_usize), bias in any::<bool>()) {
        check(n, i, o, bias);
    }
}
