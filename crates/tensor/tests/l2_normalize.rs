//! `l2_normalize` against its reference.

use ndarray::array;
use proptest::prelude::*;
use tensor::ops::{l2_normalize, l2_normalize_backward};
use tensor::{Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_close, distinct, layouts, random, same_on_any_threads, tolerance,
};

fn check<T: Element>(shape: [usize; 2], layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| l2_normalize(input.view(), 1e-12));
    assert_close(&actual, &reference::l2_normalize(input.view(), 1e-12), tolerance::<T>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn equals_the_reference(
        shape in [0..5_usize, 1..150_usize],
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check::<f32>(shape, layout, seed);
        check::<f64>(shape, layout, seed);
    }
}

#[test]
fn by_hand() {
    let output = l2_normalize(array![[3.0, 4.0], [0.0, 0.0], [0.0, 1e-9]].view(), 1e-12);
    // The last row is shorter than the root of epsilon, 1e-6: divided by that.
    let expected = array![[0.6, 0.8], [0.0, 0.0], [0.0, 1e-3]];
    assert_close(&output, &expected, 1e-15);
    assert!(l2_normalize(array![[1.0, f64::NAN]].view(), 1e-12)[[0, 0]].is_nan());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn backward_equals_differences(
        shape in [1..4_usize, 1..12_usize],
        // The second clamps every row, whose squares add up to 12 at most.
        epsilon in prop_oneof![Just(1e-12), Just(16.0)],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = distinct::<f64, _>(shape, seed, layouts[0]);
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let actual = l2_normalize_backward(input.view(), gradient.view(), epsilon);
        let forward = |input: ndarray::ArrayView2<'_, f64>| reference::l2_normalize(input, epsilon);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }
}

#[test]
fn backward_of_a_zero_row_is_finite() {
    let gradient =
        l2_normalize_backward(array![[0.0, 0.0]].view(), array![[1.0, 2.0]].view(), 1e-12);
    assert_close(&gradient, &array![[1e6, 2e6]], 1e-12);
}
