//! `average_pool2d`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use proptest::prelude::*;
use tensor::ops::Pool2dOptions;
use tensor::reference;

use crate::fixed::four;

#[track_caller]
fn check(shape: [usize; 4], kernel: [usize; 2], stride: [usize; 2]) {
    let options = Pool2dOptions { kernel, stride };
    assert_operator(
        &[distinct(&shape, 1)],
        |x| x[0].average_pool2d(options),
        |x| reference::average_pool2d(four(&x[0]), options).into_dyn(),
    );
}

#[test]
fn cases() {
    check([1, 1, 1, 1], [1, 1], [1, 1]);
    check([1, 2, 3, 3], [3, 3], [1, 1]);
    check([2, 2, 6, 6], [3, 3], [3, 3]);
    check([3, 1, 5, 5], [3, 3], [2, 2]);
    check([1, 2, 5, 6], [2, 3], [1, 2]);
    check([2, 1, 5, 5], [2, 2], [3, 3]);
    check([2, 1, 4, 4], [1, 1], [2, 2]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15))]
    #[test]
    fn shapes(
        (n, c) in (1..4_usize, 1..4_usize),
        (image, kernel) in ([1..7_usize, 1..7_usize], [1..4_usize, 1..4_usize]),
        stride in [1..4_usize, 1..4_usize],
    ) {
        prop_assume!(Pool2dOptions { kernel, stride }.output_size(image).is_some());
        check([n, c, image[0], image[1]], kernel, stride);
    }
}
