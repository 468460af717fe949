//! Pools against their references.

use ndarray::{Array4, ArrayView4};
use proptest::prelude::*;
use tensor::ops::{
    Pool2dOptions, average_pool2d, average_pool2d_backward, l2_pool2d, l2_pool2d_backward,
    max_pool2d, max_pool2d_backward, max_pool2d_padded_backward_into, max_pool2d_padded_into,
    max_pool2d_with_indices, pad2d, pad2d_backward,
};
use tensor::{Element, Padding2d, reference};

use crate::gradient::{assert_gradient, assert_linear_gradient};
use crate::support::{
    Layout, assert_equal, assert_within, config, distinct, layouts, magnitudes, paddings, plane,
    random, roundings, same_on_any_threads, whole,
};

fn check<T: Element>(shape: [usize; 4], options: Pool2dOptions, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| max_pool2d(input.view(), options));
    assert_equal(&actual, &reference::max_pool2d(input.view(), options));

    // Both sums of a window, and two more roundings each.
    let [kh, kw] = options.kernel;
    let error = 2.0 * roundings::<T>(kh * kw + 4);
    let actual = same_on_any_threads(|| average_pool2d(input.view(), options));
    let expected = reference::average_pool2d(input.view(), options);
    let bound = reference::average_pool2d(magnitudes(&input).view(), options) * error;
    assert_within(&actual, &expected, &bound);

    let actual = same_on_any_threads(|| l2_pool2d(input.view(), options));
    let expected = reference::l2_pool2d(input.view(), options);
    assert_within(&actual, &expected, &(magnitudes(&expected) * error));
}

proptest! {
    #![proptest_config(config(100))]
    #[test]
    fn pools_equal_the_references(
        (n, c) in (0..4_usize, 1..6_usize),
        (image, kernel) in ([1..12_usize, 1..12_usize], [1..5_usize, 1..5_usize]),
        stride in [1..4_usize, 1..4_usize],
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        let options = Pool2dOptions { kernel, stride };
        prop_assume!(options.output_size(image).is_some());
        check::<f32>([n, c, image[0], image[1]], options, layout, seed);
        check::<f64>([n, c, image[0], image[1]], options, layout, seed);
    }
}

/// Padding within the pool is padding before it, forward and backward.
fn check_padded(shape: [usize; 4], padding: Padding2d, options: Pool2dOptions, seed: u64) {
    let input = random::<f32, _>(shape, seed, Layout::Strided);
    let (expected, places) = max_pool2d_with_indices(pad2d(input.view(), padding).view(), options);
    let mut indices = Array4::zeros(places.raw_dim());
    let mut output = Array4::from_elem(expected.raw_dim(), f32::NAN);
    let (target, index_target) = (output.view_mut(), indices.view_mut());
    max_pool2d_padded_into(input.view(), padding, options, target, index_target);
    assert_eq!((&output, &indices), (&expected, &places));

    let gradient = random::<f32, _>(output.raw_dim(), seed + 1, Layout::Backwards);
    let size = padding.padded([shape[2], shape[3]]).expect("small");
    let expected = max_pool2d_backward(gradient.view(), places.view(), size);
    let expected = pad2d_backward(expected.view(), padding);
    let mut actual = Array4::from_elem(input.raw_dim(), f32::NAN);
    let (gradient, indices) = (gradient.view(), indices.view());
    max_pool2d_padded_backward_into(gradient, indices, padding, actual.view_mut());
    assert_eq!(actual, expected);
}

proptest! {
    #![proptest_config(config(40))]
    #[test]
    fn padded_pools_are_pools_of_padded_images(
        (n, c) in (0..4_usize, 1..6_usize),
        (image, kernel) in ([1..12_usize, 1..12_usize], [1..5_usize, 1..5_usize]),
        stride in [1..4_usize, 1..4_usize],
        padding in paddings(),
        seed in 0..u64::MAX / 2,
    ) {
        let options = Pool2dOptions { kernel, stride };
        let padded = padding.padded(image).expect("small");
        prop_assume!(options.output_size(padded).is_some());
        check_padded([n, c, image[0], image[1]], padding, options, seed);
    }

    #[test]
    fn backward_equals_differences(
        (n, c) in (1..3_usize, 1..3_usize),
        (image, kernel) in ([1..7_usize, 1..7_usize], [1..4_usize, 1..4_usize]),
        stride in [1..4_usize, 1..4_usize],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let options = Pool2dOptions { kernel, stride };
        prop_assume!(options.output_size(image).is_some());
        let [oh, ow] = options.output_size(image).expect("assumed");
        let shape = (n, c, image[0], image[1]);
        let gradient = whole::<f64, _>((n, c, oh, ow), seed + 1, layouts[1]);

        let input = distinct::<f64, _>(shape, seed, layouts[0]);
        let (output, indices) = max_pool2d_with_indices(input.view(), options);
        assert_eq!(output, reference::max_pool2d(input.view(), options));
        let actual =
            same_on_any_threads(|| max_pool2d_backward(gradient.view(), indices.view(), image));
        let forward = |input: ArrayView4<'_, f64>| reference::max_pool2d(input, options);
        assert_gradient(input.view(), gradient.view(), forward, &actual);

        // At least 0.3 away from zero, where the root of squares has a kink.
        let input = input.mapv(|value| value + 0.3_f64.copysign(value));
        let actual = same_on_any_threads(|| {
            let output = l2_pool2d(input.view(), options);
            l2_pool2d_backward(input.view(), output.view(), gradient.view(), options)
        });
        let forward = |input: ArrayView4<'_, f64>| reference::l2_pool2d(input, options);
        assert_gradient(input.view(), gradient.view(), forward, &actual);

        let input = whole::<f64, _>(shape, seed, layouts[0]);
        let actual =
            same_on_any_threads(|| average_pool2d_backward(gradient.view(), image, options));
        let forward = |input: ArrayView4<'_, f64>| reference::average_pool2d(input, options);
        assert_linear_gradient(input.view(), gradient.view(), forward, &actual);
    }
}

#[test]
fn by_hand() {
    type Pool = fn(ArrayView4<'_, f64>, Pool2dOptions) -> Array4<f64>;
    // The results of both windows.
    let pools: [(Pool, [[f64; 2]; 1], f64); 3] = [
        (max_pool2d, [[3.0, 1.0]], 3.0),
        (average_pool2d, [[1.5, -0.5]], (3.0 - 4.0 + 1.0 - 2.0) / 6.0),
        (l2_pool2d, [[3.0, 5.0_f64.sqrt()]], 30.0_f64.sqrt()),
    ];
    let input = plane([[3.0, -4.0, 1.0, 9.0], [0.0, 0.0, -2.0, 9.0], [9.0, 9.0, 9.0, 9.0]]);
    for (pool, expected, first) in pools {
        // Stride 2 omits the last row and column.
        let options = Pool2dOptions { kernel: [2, 1], stride: [2, 2] };
        assert_eq!(pool(input.view(), options), plane(expected));
        let options = Pool2dOptions { kernel: [2, 3], stride: [1, 1] };
        let output = pool(input.view(), options);
        assert_eq!(output.dim(), (1, 1, 2, 2));
        assert_eq!(output[[0, 0, 0, 0]], first);
    }
}

#[test]
#[should_panic(expected = "window [4, 1] with stride [1, 1] does not fit an image of [3, 3]")]
fn a_window_that_does_not_fit_panics_with_both_sizes() {
    let input = random::<f32, _>((1, 1, 3, 3), 1, Layout::Standard);
    max_pool2d(input.view(), Pool2dOptions { kernel: [4, 1], stride: [1, 1] });
}

#[test]
fn the_maximum_with_nan_is_nan() {
    for at in 0..3 {
        let mut row = [1.0, 2.0, 3.0];
        row[at] = f64::NAN;
        let output =
            max_pool2d(plane([row]).view(), Pool2dOptions { kernel: [1, 3], stride: [1, 1] });
        assert!(output[[0, 0, 0, 0]].is_nan(), "NaN at {at}");
    }
}

#[test]
fn backward_of_the_root_of_a_window_of_zeros_is_zero() {
    let options = Pool2dOptions { kernel: [1, 2], stride: [1, 2] };
    let input = plane([[0.0, 0.0, 3.0, 4.0]]);
    let output = l2_pool2d(input.view(), options);
    let gradient =
        l2_pool2d_backward(input.view(), output.view(), plane([[7.0, 10.0]]).view(), options);
    assert_eq!(gradient, plane([[0.0, 0.0, 6.0, 8.0]]));
}

#[test]
fn backward_of_equal_maxima_goes_to_the_first() {
    let options = Pool2dOptions { kernel: [2, 2], stride: [1, 1] };
    let input = plane([[1.0, 5.0, 5.0], [5.0, 1.0, 1.0]]);
    let (output, indices) = max_pool2d_with_indices(input.view(), options);
    assert_eq!(output, plane([[5.0, 5.0]]));
    assert_eq!(
        indices,
        ndarray::arr2(&[[1, 1]]).insert_axis(ndarray::Axis(0)).insert_axis(ndarray::Axis(0))
    );
    let gradient = max_pool2d_backward(plane([[10.0, 100.0]]).view(), indices.view(), [2, 3]);
    assert_eq!(gradient, plane([[0.0, 110.0, 0.0], [0.0; 3]]));
}

#[test]
fn indices_of_infinities_and_nan() {
    let options = Pool2dOptions { kernel: [1, 3], stride: [1, 1] };
    let row = |row: [f64; 3]| max_pool2d_with_indices(plane([row]).view(), options).1[[0, 0, 0, 0]];
    assert_eq!(row([f64::NEG_INFINITY; 3]), 0);
    assert_eq!(row([1.0, f64::NAN, 9.0]), 1);
    assert_eq!(row([f64::NAN, f64::NAN, 9.0]), 0);
}

#[test]
#[should_panic(expected = "index 6 in a plane of 6")]
fn an_index_outside_the_plane_panics() {
    let indices = Array4::from_elem((1, 1, 1, 1), 6);
    max_pool2d_backward(plane([[1.0]]).view(), indices.view(), [2, 3]);
}

proptest! {
    #![proptest_config(config(100))]
    /// Few different values, so that nearly every window has equal ones, and NaN among them.
    #[test]
    fn indices_are_the_first_of_the_greatest(
        image in [1..9_usize, 1..40_usize],
        kernel in [1..4_usize, 1..4_usize],
        stride in [1..4_usize, 1..4_usize],
        seed in any::<u64>(),
    ) {
        let options = Pool2dOptions { kernel, stride };
        prop_assume!(options.output_size(image).is_some());
        let input = random::<f32, _>((1, 2, image[0], image[1]), seed, Layout::Standard)
            .mapv(|value| if value > 0.9 { f32::NAN } else { (value * 2.0).floor() });
        let (output, indices) = max_pool2d_with_indices(input.view(), options);
        for ((n, c, y, x), index) in indices.indexed_iter() {
            let mut first: Option<(usize, f32)> = None;
            for row in y * stride[0]..y * stride[0] + kernel[0] {
                for column in x * stride[1]..x * stride[1] + kernel[1] {
                    let value = input[[n, c, row, column]];
                    let is_greater = first.is_none_or(|(_, greatest)| {
                        value > greatest || (value.is_nan() && !greatest.is_nan())
                    });
                    if is_greater {
                        first = Some((row * image[1] + column, value));
                    }
                }
            }
            let (place, value) = first.expect("a window is not empty");
            prop_assert_eq!(*index as usize, place, "window {}, {} of channel {}", y, x, c);
            prop_assert_eq!(output[[n, c, y, x]].to_bits(), value.to_bits());
        }
    }
}
