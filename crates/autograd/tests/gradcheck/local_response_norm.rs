//! `local_response_norm`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use proptest::prelude::*;
use tensor::ops::LocalResponseNormOptions;
use tensor::reference;

use crate::fixed::four;

#[track_caller]
fn check(shape: [usize; 4], options: LocalResponseNormOptions) {
    assert_operator(
        &[random(&shape, 1)],
        |x| x[0].local_response_norm(options),
        |x| reference::local_response_norm(four(&x[0]), options).into_dyn(),
    );
}

#[test]
fn cases() {
    let strong = LocalResponseNormOptions { alpha: 2.0, ..LocalResponseNormOptions::default() };
    check([1, 1, 1, 1], strong);
    check([1, 7, 2, 2], strong);
    check([3, 6, 1, 2], LocalResponseNormOptions { size: 3, ..strong });
    check([2, 4, 2, 1], LocalResponseNormOptions { size: 4, beta: 0.5, k: 2.0, ..strong });
    check([2, 9, 1, 1], LocalResponseNormOptions::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(
        shape in [1..3_usize, 1..8_usize, 1..3_usize, 1..3_usize],
        size in 1..7_usize,
        (alpha, beta, k) in (0.0..3.0, 0.2..1.5, 0.5..2.0),
    ) {
        check(shape, LocalResponseNormOptions { size, alpha, beta, k });
    }
}
