//! pad2d and concat_channels against their references.

use proptest::prelude::*;
use tensor::ops::{concat_channels, concat_channels_backward, pad2d, pad2d_backward};
use tensor::{Element, Padding2d, reference};

use crate::gradient::assert_linear_gradient;
use crate::support::{
    Layout, assert_equal, config, layouts, paddings, plane, random, same_on_any_threads, whole,
};

fn check_pad2d<T: Element>(shape: [usize; 4], padding: Padding2d, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| pad2d(input.view(), padding));
    assert_equal(&actual, &reference::pad2d(input.view(), padding));
}

fn check_concat<T: Element>([n, h, w]: [usize; 3], channels: &[usize], layout: Layout, seed: u64) {
    let inputs: Vec<_> = channels
        .iter()
        .zip(seed..)
        .map(|(channels, seed)| random::<T, _>((n, *channels, h, w), seed, layout))
        .collect();
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    let actual = same_on_any_threads(|| concat_channels(&views));
    assert_equal(&actual, &reference::concat_channels(&views));
}

proptest! {
    #![proptest_config(config(50))]
    #[test]
    fn padding_equals_the_reference(
        shape in [0..3_usize, 1..4_usize, 0..6_usize, 1..6_usize],
        padding in paddings(),
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check_pad2d::<f32>(shape, padding, layout, seed);
        check_pad2d::<f64>(shape, padding, layout, seed);
    }

    #[test]
    fn concatenation_equals_the_reference(
        shape in [0..3_usize, 1..5_usize, 1..5_usize],
        channels in prop::collection::vec(0..4_usize, 1..5),
        layout in layouts(),
        seed in 0..u64::MAX / 2,
    ) {
        check_concat::<f32>(shape, &channels, layout, seed);
        check_concat::<f64>(shape, &channels, layout, seed);
    }
}

proptest! {
    #![proptest_config(config(20))]
    #[test]
    fn backward_of_padding_equals_differences(
        [n, c, h, w] in [1..3_usize, 1..3_usize, 1..4_usize, 1..4_usize],
        padding in paddings(),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = whole::<f64, _>((n, c, h, w), seed, layouts[0]);
        let [padded_h, padded_w] = padding.padded([h, w]).expect("small");
        let gradient = whole::<f64, _>((n, c, padded_h, padded_w), seed + 1, layouts[1]);
        let actual = same_on_any_threads(|| pad2d_backward(gradient.view(), padding));
        let forward = |input: ndarray::ArrayView4<'_, f64>| reference::pad2d(input, padding);
        assert_linear_gradient(input.view(), gradient.view(), forward, &actual);
    }

    #[test]
    fn backward_of_concatenation_is_its_inverse(
        [n, h, w] in [0..3_usize, 1..5_usize, 1..5_usize],
        channels in prop::collection::vec(0..4_usize, 1..5),
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        let gradient = random::<f64, _>((n, channels.iter().sum(), h, w), seed, layout);
        let parts = concat_channels_backward(gradient.view(), &channels);
        for (part, c) in parts.iter().zip(&channels) {
            assert_eq!(part.dim(), (n, *c, h, w));
            assert!(part.is_standard_layout());
        }
        let views: Vec<_> = parts.iter().map(|part| part.view()).collect();
        assert_eq!(reference::concat_channels(&views), gradient);
    }
}

#[test]
fn padding_by_hand() {
    let padding = Padding2d { top: 1, bottom: 0, left: 0, right: 2 };
    let output = pad2d(plane([[1.0, 2.0]]).view(), padding);
    assert_eq!(output, plane([[0.0; 4], [1.0, 2.0, 0.0, 0.0]]));
}

#[test]
#[should_panic(expected = "gradient is 1 x 2, the padding is")]
fn a_gradient_smaller_than_the_padding_panics() {
    pad2d_backward(plane([[1.0, 2.0]]).view(), Padding2d::same(1));
}

#[test]
#[should_panic(expected = "input 1 has N, H, W [2, 3, 4], the first has [2, 3, 3]")]
fn different_sizes_panic_with_both() {
    let first = random::<f32, _>((2, 1, 3, 3), 1, Layout::Standard);
    let second = random::<f32, _>((2, 1, 3, 4), 1, Layout::Standard);
    concat_channels(&[first.view(), second.view()]);
}

#[test]
#[should_panic(expected = "gradient has 3 channels, the parts 4")]
fn parts_that_do_not_add_up_panic_with_both_numbers() {
    let gradient = random::<f32, _>((1, 3, 2, 2), 1, Layout::Standard);
    concat_channels_backward(gradient.view(), &[1, 3]);
}
