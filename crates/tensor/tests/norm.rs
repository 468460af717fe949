//! Normalizations against their references.

mod batch_norm;

use ndarray::{Array2, Array4, ArrayView2, ArrayView4, array};
use proptest::prelude::*;
use tensor::ops::{
    LocalResponseNormOptions, l2_normalize, l2_normalize_backward, local_response_norm,
    local_response_norm_backward,
};
use tensor::{Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_within, config, distinct, layouts, magnitudes, random, roundings,
    same_on_any_threads,
};

fn check_l2_normalize<T: Element>(shape: [usize; 2], layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| l2_normalize(input.view(), 1e-12));
    let expected = reference::l2_normalize(input.view(), 1e-12);
    // The sum of squares, and five more roundings each.
    let bound = magnitudes(&expected) * (2.0 * roundings::<T>(shape[1] + 5));
    assert_within(&actual, &expected, &bound);
}

fn check_local_response_norm<T: Element>(
    shape: [usize; 4],
    options: LocalResponseNormOptions,
    layout: Layout,
    seed: u64,
) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| local_response_norm(input.view(), options));
    let expected = reference::local_response_norm(input.view(), options);
    // The bracket is a sum of `size` positive terms and has five more roundings; the power
    // multiplies its error by beta and adds those of `powf` or of roots.
    let error = (options.beta + 1.0) * 2.0 * roundings::<T>(options.size + 10);
    assert_within(&actual, &expected, &(magnitudes(&expected) * error));
}

proptest! {
    #![proptest_config(config(100))]
    #[test]
    fn unit_length_equals_the_reference(
        shape in [0..5_usize, 1..150_usize],
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check_l2_normalize::<f32>(shape, layout, seed);
        check_l2_normalize::<f64>(shape, layout, seed);
    }

    #[test]
    fn local_response_norm_equals_the_reference(
        shape in [0..3_usize, 1..12_usize, 0..4_usize, 1..4_usize],
        size in 1..8_usize,
        (alpha, beta, k) in (0.0..2.0, prop_oneof![Just(0.75), 0.1..2.0], 0.5..3.0),
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        let options = LocalResponseNormOptions { size, alpha, beta, k };
        check_local_response_norm::<f32>(shape, options, layout, seed);
        check_local_response_norm::<f64>(shape, options, layout, seed);
    }
}

proptest! {
    #![proptest_config(config(60))]
    #[test]
    fn backward_of_unit_length_equals_differences(
        shape in [1..4_usize, 1..12_usize],
        // The second is greater than the squared length of every row.
        epsilon in prop_oneof![Just(1e-12), Just(32.0)],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        // Lengths of at least 0.3: third derivatives are less than 15 over their cubes.
        let input = distinct::<f64, _>(shape, seed, layouts[0])
            .mapv(|value| value + 0.3_f64.copysign(value));
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let actual = l2_normalize_backward(input.view(), gradient.view(), epsilon);
        let forward = |input: ArrayView2<'_, f64>| reference::l2_normalize(input, epsilon);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }

    #[test]
    fn backward_of_local_response_norm_equals_differences(
        shape in [1..3_usize, 1..9_usize, 1..3_usize, 1..3_usize],
        size in 1..8_usize,
        // Each derivative brings a factor of at most `2 alpha beta / k`, which is three.
        (alpha, beta, k) in (0.0..1.0, prop_oneof![Just(0.75), 0.1..1.5], 1.0..3.0),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let options = LocalResponseNormOptions { size, alpha, beta, k };
        let input = random::<f64, _>(shape, seed, layouts[0]);
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let actual = same_on_any_threads(|| {
            local_response_norm_backward(input.view(), gradient.view(), options)
        });
        let forward =
            |input: ArrayView4<'_, f64>| reference::local_response_norm(input, options);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }
}

#[test]
fn unit_length_by_hand() {
    let output = l2_normalize(array![[3.0, 4.0], [0.0, 0.0], [0.0, 1e-9]].view(), 1e-12);
    // The last row is shorter than the root of epsilon, 1e-6: divided by that.
    let expected = array![[0.6, 0.8], [0.0, 0.0], [0.0, 1e-3]];
    assert_within(&output, &expected, &Array2::from_elem((3, 2), 1e-15));
    assert!(l2_normalize(array![[1.0, f64::NAN]].view(), 1e-12)[[0, 0]].is_nan());
}

#[test]
fn backward_of_a_zero_row_is_finite() {
    let gradient =
        l2_normalize_backward(array![[0.0, 0.0]].view(), array![[1.0, 2.0]].view(), 1e-12);
    assert_within(&gradient, &array![[1e6, 2e6]], &array![[1e-6, 1e-6]]);
}

#[test]
fn local_response_norm_by_hand() {
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
