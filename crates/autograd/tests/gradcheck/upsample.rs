//! upsample2d.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use proptest::prelude::*;
use tensor::reference;

use crate::config;
use crate::fixed::four;

#[track_caller]
fn check_upsample2d(shape: [usize; 4]) {
    assert_operator(
        &[random(&shape, 1)],
        |x| x[0].upsample2d(),
        |x| reference::upsample2d(four(&x[0])).into_dyn(),
    );
}

#[test]
fn upsamplings() {
    check_upsample2d([1, 1, 1, 1]);
    check_upsample2d([1, 2, 2, 3]);
    check_upsample2d([3, 2, 3, 1]);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn random_upsamplings(shape in [1..4_usize, 1..4_usize, 1..5_usize, 1..5_usize]) {
        check_upsample2d(shape);
    }
}
