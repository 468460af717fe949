//! `concat_channels` against its reference.

use proptest::prelude::*;
use tensor::ops::{concat_channels, concat_channels_backward};
use tensor::{Element, reference};

use crate::support::{Layout, assert_close, layouts, random, same_on_any_threads};

fn check<T: Element>([n, h, w]: [usize; 3], channels: &[usize], layout: Layout, seed: u64) {
    let inputs: Vec<_> = channels
        .iter()
        .zip(seed..)
        .map(|(channels, seed)| random::<T, _>((n, *channels, h, w), seed, layout))
        .collect();
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    let actual = same_on_any_threads(|| concat_channels(&views));
    assert_close(&actual, &reference::concat_channels(&views), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn equals_the_reference(
        shape in [0..3_usize, 1..5_usize, 1..5_usize],
        channels in prop::collection::vec(0..4_usize, 1..5),
        layout in layouts(),
        seed in 0..u64::MAX / 2,
    ) {
        check::<f32>(shape, &channels, layout, seed);
        check::<f64>(shape, &channels, layout, seed);
    }
}

#[test]
#[should_panic(expected = "input 1 has N, H, W [2, 3, 4], the first has [2, 3, 3]")]
fn different_sizes_panic_with_both() {
    let first = random::<f32, _>((2, 1, 3, 3), 1, Layout::Standard);
    let second = random::<f32, _>((2, 1, 3, 4), 1, Layout::Standard);
    concat_channels(&[first.view(), second.view()]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn backward_is_the_inverse(
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
#[should_panic(expected = "gradient has 3 channels, the parts 4")]
fn parts_that_do_not_add_up_panic_with_both_numbers() {
    let gradient = random::<f32, _>((1, 3, 2, 2), 1, Layout::Standard);
    concat_channels_backward(gradient.view(), &[1, 3]);
}
