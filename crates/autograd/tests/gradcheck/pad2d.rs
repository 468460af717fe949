//! `pad2d`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use proptest::prelude::*;
use tensor::{Padding2d, reference};

use crate::fixed::four;

#[track_caller]
fn check(shape: [usize; 4], [top, bottom, left, right]: [usize; 4]) {
    let padding = Padding2d { top, bottom, left, right };
    assert_operator(
        &[random(&shape, 1)],
        |x| x[0].pad2d(padding),
        |x| reference::pad2d(four(&x[0]), padding).into_dyn(),
    );
}

#[test]
fn cases() {
    check([1, 1, 1, 1], [0, 0, 0, 0]);
    check([1, 2, 2, 3], [1, 1, 1, 1]);
    check([3, 1, 3, 2], [3, 4, 3, 4]);
    check([2, 2, 2, 2], [0, 1, 0, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(
        shape in [1..4_usize, 1..4_usize, 1..4_usize, 1..4_usize],
        padding in [0..3_usize, 0..3_usize, 0..3_usize, 0..3_usize],
    ) {
        check(shape, padding);
    }
}
