//! `average_pool2d` against its reference.

use proptest::prelude::*;
use tensor::ops::{Pool2dOptions, average_pool2d, average_pool2d_backward};
use tensor::{Element, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_close, layouts, plane, random, same_on_any_threads, tolerance,
};

fn check<T: Element>(shape: [usize; 4], options: Pool2dOptions, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| average_pool2d(input.view(), options));
    assert_close(&actual, &reference::average_pool2d(input.view(), options), tolerance::<T>());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    #[test]
    fn equals_the_reference(
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

#[test]
fn by_hand() {
    let input = plane([[3.0, -4.0, 1.0, 9.0], [0.0, 0.0, -2.0, 9.0], [9.0, 9.0, 9.0, 9.0]]);
    // Stride 2 leaves the last row and column out.
    let options = Pool2dOptions { kernel: [2, 1], stride: [2, 2] };
    assert_eq!(average_pool2d(input.view(), options), plane([[1.5, -0.5]]));
    let options = Pool2dOptions { kernel: [2, 3], stride: [1, 1] };
    let output = average_pool2d(input.view(), options);
    assert_eq!(output.dim(), (1, 1, 2, 2));
    assert_eq!(output[[0, 0, 0, 0]], (3.0 - 4.0 + 1.0 - 2.0) / 6.0);
}

#[test]
#[should_panic(expected = "window [4, 1] with stride [1, 1] does not fit an image of [3, 3]")]
fn a_window_that_does_not_fit_panics_with_both_sizes() {
    let input = random::<f32, _>((1, 1, 3, 3), 1, Layout::Standard);
    average_pool2d(input.view(), Pool2dOptions { kernel: [4, 1], stride: [1, 1] });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]
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
        let input = random::<f64, _>((n, c, image[0], image[1]), seed, layouts[0]);
        let gradient = random::<f64, _>((n, c, oh, ow), seed + 1, layouts[1]);
        let actual = same_on_any_threads(|| average_pool2d_backward(gradient.view(), image, options));
        let forward = |input: ndarray::ArrayView4<'_, f64>| reference::average_pool2d(input, options);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }
}
