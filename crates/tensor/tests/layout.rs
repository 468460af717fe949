//! `pad2d` against its reference.

use proptest::prelude::*;
use tensor::ops::{pad2d, pad2d_backward};
use tensor::{Element, Padding2d, reference};

use crate::gradient::assert_gradient;
use crate::support::{Layout, assert_close, layouts, paddings, plane, random, same_on_any_threads};

fn check<T: Element>(shape: [usize; 4], padding: Padding2d, layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| pad2d(input.view(), padding));
    assert_close(&actual, &reference::pad2d(input.view(), padding), 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]
    #[test]
    fn equals_the_reference(
        shape in [0..3_usize, 1..4_usize, 0..6_usize, 1..6_usize],
        padding in paddings(),
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check::<f32>(shape, padding, layout, seed);
        check::<f64>(shape, padding, layout, seed);
    }
}

#[test]
fn by_hand() {
    let padding = Padding2d { top: 1, bottom: 0, left: 0, right: 2 };
    let output = pad2d(plane([[1.0, 2.0]]).view(), padding);
    assert_eq!(output, plane([[0.0; 4], [1.0, 2.0, 0.0, 0.0]]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn backward_equals_differences(
        [n, c, h, w] in [1..3_usize, 1..3_usize, 1..4_usize, 1..4_usize],
        padding in paddings(),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = random::<f64, _>((n, c, h, w), seed, layouts[0]);
        let [padded_h, padded_w] = padding.padded([h, w]).expect("small");
        let gradient = random::<f64, _>((n, c, padded_h, padded_w), seed + 1, layouts[1]);
        let actual = same_on_any_threads(|| pad2d_backward(gradient.view(), padding));
        let forward = |input: ndarray::ArrayView4<'_, f64>| reference::pad2d(input, padding);
        assert_gradient(input.view(), gradient.view(), forward, &actual);
    }
}

#[test]
#[should_panic(expected = "gradient is 1 x 2, the padding is")]
fn a_gradient_smaller_than_the_padding_panics() {
    pad2d_backward(plane([[1.0, 2.0]]).view(), Padding2d::same(1));
}
