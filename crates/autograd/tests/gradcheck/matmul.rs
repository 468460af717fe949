//! `matmul`.

use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use ndarray::Array2;
use proptest::prelude::*;

use crate::fixed::two;

#[track_caller]
fn check(left: &[usize], right: &[usize]) {
    assert_operator(
        &[random(left, 1), random(right, 2)],
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

#[test]
fn cases() {
    check(&[1, 1], &[1, 1]);
    check(&[2, 3], &[3, 4]);
    check(&[5, 1], &[1, 4]);
    check(&[1, 6], &[6, 1]);
    check(&[2, 0], &[0, 3]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes((m, k, n) in (1..6_usize, 1..6_usize, 1..6_usize)) {
        check(&[m, k], &[k, n]);
    }
}

#[test]
fn by_its_own_transpose() {
    assert_operator(
        &[random(&[3, 4], 1)],
        |x| x[0].matmul(&x[0].transpose()),
        |x| two(&x[0]).dot(&two(&x[0]).t()).into_dyn(),
    );
}

#[test]
#[should_panic(expected = "matmul: 2 x 3 times 2 x 3")]
fn different_lengths_panic() {
    check(&[2, 3], &[2, 3]);
}

#[test]
#[should_panic(expected = "matmul: right side has shape [3], 2 axes expected")]
fn a_vector_panics() {
    check(&[2, 3], &[3]);
}
