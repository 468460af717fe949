//! `local_response_norm` against its reference.

use ndarray::Array4;
use proptest::prelude::*;
use tensor::ops::{LocalResponseNormOptions, local_response_norm, local_response_norm_backward};
use tensor::{Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{Layout, assert_close, layouts, random, same_on_any_threads, tolerance};

fn check<T: Element>(
    shape: [usize; 4],
    options: LocalResponseNormOptions,
    layout: Layout,
    seed: u64,
) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| local_response_norm(input.view(), options));
    let expected = reference::local_response_norm(input.view(), options);
    assert_close(&actual, &expected, tolerance::<T>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn equals_the_reference(
        shape in [0..3_usize, 1..12_usize, 0..4_usize, 1..4_usize],
        size in 1..8_usize,
        (alpha, beta, k) in (0.0..2.0, prop_oneof![Just(0.75), 0.1..2.0], 0.5..3.0),
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        let options = LocalResponseNormOptions { size, alpha, beta, k };
        check::<f32>(shape, options, layout, seed);
        check::<f64>(shape, options, layout, seed);
    }
}

#[test]
fn by_hand() {
    // Channels 1, 2, 3; the window of three adds 5, 14 and 13.
    let input = Array4::from_shape_fn((1, 3, 1, 1), |(_, c, ..)| (c + 1) as f64);
    let options = LocalResponseNormOptions { size: 3, alpha: 3.0, beta: 1.0, k: 1.0 };
    let output = local_response_norm(input.view(), options);
    let expected = [1.0 / 6.0, 2.0 / 15.0, 3.0 / 14.0];
    for (c, expected) in expected.into_iter().enumerate() {
        let actual: f64 = output[[0, c, 0, 0]];
        assert!((actual - expected).abs() < 1e-15, "channel {c}: {actual} is not {expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn backward_equals_differences(
        shape in [1..3_usize, 1..9_usize, 1..3_usize, 1..3_usize],
        size in 1..8_usize,
        (alpha, beta, k) in (0.0..2.0, prop_oneof![Just(0.75), 0.1..2.0], 0.5..3.0),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let options = LocalResponseNormOptions { size, alpha, beta, k };
        let input = random::<f64, _>(shape, seed, layouts[0]);
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let actual = same_on_any_threads(|| {
            local_response_norm_backward(input.view(), gradient.view(), options)
        });
        let forward = |input: ndarray::ArrayView4<'_, f64>| reference::local_response_norm(input, options);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }
}
