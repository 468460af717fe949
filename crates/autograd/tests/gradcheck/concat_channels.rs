//! `concat_channels`.

use autograd::Var;
use autograd::gradcheck::assert_operator;
use autograd::gradcheck::points::random;
use proptest::prelude::*;
use tensor::reference;

use crate::fixed::four;

#[track_caller]
fn check([n, h, w]: [usize; 3], channels: &[usize]) {
    let parts: Vec<_> = (1..).zip(channels).map(|(seed, c)| random(&[n, *c, h, w], seed)).collect();
    assert_operator(
        &parts,
        |x| Var::concat_channels(&x.iter().collect::<Vec<_>>()).square(),
        |x| {
            let parts: Vec<_> = x.iter().map(four).collect();
            reference::concat_channels(&parts).mapv(|value| value * value).into_dyn()
        },
    );
}

#[test]
fn cases() {
    check([1, 2, 3], &[4]);
    check([1, 1, 1], &[1, 2, 3]);
    check([3, 2, 2], &[2, 1]);
    check([2, 3, 1], &[1, 1, 2, 1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn shapes(
        sizes in [1..4_usize, 1..3_usize, 1..3_usize],
        channels in proptest::collection::vec(1..4_usize, 1..5),
    ) {
        check(sizes, &channels);
    }
}

#[test]
#[should_panic(expected = "concat_channels: a part has shape [2, 3], 4 axes expected")]
fn a_matrix_panics() {
    assert_operator(&[random(&[2, 3], 1)], |x| Var::concat_channels(&[&x[0]]), |x| x[0].to_owned());
}
