//! Products of matrices against ndarray's, in every precision of this machine: numbers of four
//! bits, whose products and sums all precisions have.

use ndarray::{Array2, array};
use proptest::prelude::*;
use tensor::ops::{gram, matmul};
use tensor::{Element, Level, Precision};

use crate::support::{Layout, assert_equal, config, layouts, same_on_any_threads, whole};

fn check<T: Element>([m, k, n]: [usize; 3], layouts: [Layout; 2], seed: u64) {
    let left = whole::<T, _>((m, k), seed, layouts[0]);
    let right = whole::<T, _>((k, n), seed + 1, layouts[1]);
    let available = |precision: &Precision| precision.is_available_at(Level::best());
    for precision in Precision::ALL.into_iter().filter(available) {
        let actual = same_on_any_threads(|| matmul(left.view(), right.view(), precision));
        assert_equal(&actual, &left.dot(&right));
        let actual = same_on_any_threads(|| gram(left.view(), precision));
        assert_equal(&actual, &left.dot(&left.t()));
    }
}

proptest! {
    #![proptest_config(config(40))]
    #[test]
    fn products_are_exact_where_numbers_are_short(
        shape in [0..130_usize, 0..70_usize, 0..70_usize],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        check::<f32>(shape, layouts, seed);
        check::<f64>(shape, layouts, seed);
    }
}

/// Several parts of a sum, panels of each width, several tasks.
#[test]
fn large_products() {
    for shape in [[96, 864, 112], [97, 333, 144], [130, 1, 200], [1, 700, 1], [49, 320, 16]] {
        check::<f32>(shape, [Layout::Standard; 2], 5);
    }
}

#[test]
fn by_hand() {
    let (left, right) = (array![[1.0, 2.0], [3.0, 4.0]], array![[5.0], [6.0]]);
    assert_eq!(matmul(left.view(), right.view(), Precision::F32), array![[17.0], [39.0]]);
    assert_eq!(gram(left.view(), Precision::F32), array![[5.0, 11.0], [11.0, 25.0]]);
}

#[test]
#[should_panic(expected = "the left matrix has 2 columns, the right one 3 rows")]
fn different_lengths_panic_with_both_numbers() {
    let [left, right] = [(1, 2), (3, 1)].map(Array2::<f32>::zeros);
    let _ = matmul(left.view(), right.view(), Precision::F32);
}
