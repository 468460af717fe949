//! matmul, dense.

use autograd::Tape;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::Array2;
use proptest::prelude::*;
use tensor::reference;

use crate::config;
use crate::fixed::{one, two};

#[track_caller]
fn check_matmul(left: [usize; 2], right: [usize; 2]) {
    assert_operator(
        &[random(&left, 1), random(&right, 2)],
        |x| x[0].matmul(&x[1]),
        |x| {
            let (left, right) = (two(&x[0]), two(&x[1]));
            Array2::from_shape_fn((left.nrows(), right.ncols()), |(i, j)| {
                (0..left.ncols()).map(|k| left[[i, k]] * right[[k, j]]).sum()
            })
            .into_dyn()
        },
    );
}

#[track_caller]
fn check_dense(n: usize, i: usize, o: usize, bias: bool) {
    let mut inputs = vec![random(&[n, i], 1), random(&[o, i], 2)];
    inputs.extend(bias.then(|| random(&[o], 3)));
    assert_operator(
        &inputs,
        |x| x[0].dense(&x[1], x.get(2)),
        |x| reference::dense(two(&x[0]), two(&x[1]), x.get(2).map(one)).into_dyn(),
    );
}

#[test]
fn products() {
    check_matmul([1, 1], [1, 1]);
    check_matmul([2, 3], [3, 4]);
    check_matmul([5, 1], [1, 4]);
    check_matmul([1, 6], [6, 1]);
    check_matmul([2, 0], [0, 3]);
    // A matrix with its own transpose.
    assert_operator(
        &[random(&[3, 4], 1)],
        |x| x[0].matmul(&x[0].transpose()),
        |x| two(&x[0]).dot(&two(&x[0]).t()).into_dyn(),
    );
}

#[test]
fn layers() {
    check_dense(1, 1, 1, true);
    check_dense(1, 4, 3, true);
    check_dense(5, 2, 3, false);
    check_dense(3, 7, 2, true);
}

proptest! {
    #![proptest_config(config(10))]
    #[test]
    fn shapes((m, k, n) in (1..6_usize, 1..6_usize, 1..6_usize), bias in any::<bool>()) {
        check_matmul([m, k], [k, n]);
        check_dense(m, k, n, bias);
    }
}

#[test]
#[should_panic(expected = "matmul: 2 x 3 times 2 x 3")]
fn different_lengths_panic() {
    check_matmul([2, 3], [2, 3]);
}

#[test]
#[should_panic(expected = "matmul: right side has shape [3], 2 axes expected")]
fn a_vector_panics() {
    let tape = Tape::new();
    let _ = tape.constant(random(&[2, 3], 1)).matmul(&tape.constant(random(&[3], 2)));
}
