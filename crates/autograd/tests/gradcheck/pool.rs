//! max_pool2d, average_pool2d, l2_pool2d.

use autograd::Var;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::distinct;
use ndarray::{Array4, ArrayView4};
use proptest::prelude::*;
use tensor::ops::Pool2dOptions;
use tensor::{Padding2d, reference};

use crate::config;
use crate::fixed::four;

type Pool = fn(&Var<f64>, Pool2dOptions) -> Var<f64>;
type Reference = fn(ArrayView4<'_, f64>, Pool2dOptions) -> Array4<f64>;

const POOLS: [(Pool, Reference); 3] = [
    (Var::max_pool2d, reference::max_pool2d),
    (Var::average_pool2d, reference::average_pool2d),
    (Var::l2_pool2d, reference::l2_pool2d),
];

#[track_caller]
fn check(shape: [usize; 4], kernel: [usize; 2], stride: [usize; 2]) {
    let options = Pool2dOptions { kernel, stride };
    for (pool, reference) in POOLS {
        assert_operator(
            &[distinct(&shape, 1)],
            |x| pool(&x[0], options),
            |x| reference(four(&x[0]), options).into_dyn(),
        );
    }
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

#[test]
fn padded() {
    let options = Pool2dOptions::square(3, 2);
    for padding in [Padding2d::same(1), Padding2d { top: 2, right: 1, ..Padding2d::default() }] {
        assert_operator(
            &[distinct(&[2, 2, 5, 6], 1)],
            |x| x[0].max_pool2d_padded(padding, options),
            |x| {
                let padded = reference::pad2d(four(&x[0]), padding);
                reference::max_pool2d(padded.view(), options).into_dyn()
            },
        );
    }
}

proptest! {
    #![proptest_config(config(15))]
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

/// At equal values the derivative is one-sided: that of increasing the first of them.
#[test]
fn the_kink_of_the_maximum_on_both_sides_and_at_equal_values() {
    let options = Pool2dOptions { kernel: [1, 2], stride: [1, 2] };
    let rows = [
        ([1.0, 1.0 - 1e-15], [1.0, 0.0]),
        ([1.0, 1.0], [1.0, 0.0]),
        ([1.0 - 1e-15, 1.0], [0.0, 1.0]),
    ];
    for (row, expected) in rows {
        let tape = autograd::Tape::new();
        let x = tape.parameter(Array4::from_shape_fn((1, 1, 1, 2), |(.., at)| row[at]));
        let gradients = x.max_pool2d(options).sum().backward();
        let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
        assert_eq!(found, expected, "{row:?}");
    }
}

#[test]
fn without_a_tape_the_values_are_the_same() {
    let tape = autograd::Tape::new();
    let options = Pool2dOptions { kernel: [3, 2], stride: [2, 1] };
    let x = tape.parameter(distinct(&[2, 3, 7, 7], 1));
    let recorded = x.max_pool2d(options);
    let constant = tape.no_grad(|| x.max_pool2d(options));
    assert!(!constant.requires_gradient());
    assert_eq!(recorded.value(), constant.value());
}

#[test]
fn a_window_of_zeros_takes_a_derivative_of_zero() {
    let options = Pool2dOptions { kernel: [1, 2], stride: [1, 2] };
    let row = [0.0, 0.0, 3.0, 4.0];
    let tape = autograd::Tape::new();
    let x = tape.parameter(Array4::from_shape_fn((1, 1, 1, 4), |(.., at)| row[at]));
    let gradients = x.l2_pool2d(options).sum().backward();
    let found: Vec<f64> = gradients.get(&x).into_iter().flatten().copied().collect();
    assert_eq!(found, [0.0, 0.0, 3.0 * 0.2, 4.0 * 0.2]);
}
