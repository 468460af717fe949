//! `upsample2d` against its reference.

use ndarray::{Array4, ArrayView4};
use proptest::prelude::*;
use tensor::ops::{upsample2d, upsample2d_backward, upsample2d_backward_into, upsample2d_into};
use tensor::{Element, reference};

use crate::gradient::assert_linear_gradient;
use crate::support::{Layout, assert_equal, config, layouts, same_on_any_threads, whole};

fn check<T: Element>([n, c, h, w]: [usize; 4], layout: Layout) {
    let input = whole::<T, _>((n, c, h, w), 1, layout);
    let actual = same_on_any_threads(|| upsample2d(input.view()));
    assert_equal(&actual, &reference::upsample2d(input.view()));
    let gradient = whole::<T, _>((n, c, 2 * h, 2 * w), 2, layout);
    let actual = same_on_any_threads(|| upsample2d_backward(gradient.view()));
    assert_equal(&actual, &reference::upsample2d_backward(gradient.view()));
}

proptest! {
    #![proptest_config(config(60))]
    #[test]
    fn equals_the_reference(
        shape in [0..4_usize, 0..5_usize, 0..20_usize, 0..20_usize],
        layout in layouts(),
    ) {
        check::<f32>(shape, layout);
        check::<f64>(shape, layout);
    }

    #[test]
    fn backward_equals_differences(shape in [1..3_usize, 1..3_usize, 1..4_usize, 1..4_usize]) {
        let [n, c, h, w] = shape;
        let input = whole::<f64, _>((n, c, h, w), 1, Layout::Standard);
        let gradient = whole::<f64, _>((n, c, 2 * h, 2 * w), 2, Layout::Standard);
        let of_input = |input: ArrayView4<'_, f64>| reference::upsample2d(input);
        let actual = upsample2d_backward(gradient.view());
        assert_linear_gradient(input.view(), gradient.view(), of_input, &actual);
    }
}

#[test]
fn existing_memory_is_overwritten() {
    let input = whole::<f32, _>((2, 3, 5, 4), 1, Layout::Standard);
    let mut output = Array4::from_elem((2, 3, 10, 8), f32::NAN);
    upsample2d_into(input.view(), output.view_mut());
    assert_equal(&output, &upsample2d(input.view()));
    let mut gradient = Array4::from_elem(input.dim(), f32::NAN);
    upsample2d_backward_into(output.view(), gradient.view_mut());
    assert_equal(&gradient, &input.mapv(|value| 4.0 * value));
}

#[test]
#[should_panic(expected = "the gradient is (1, 1, 3, 4), the input (1, 1, 1, 2)")]
fn an_odd_height_panics() {
    upsample2d_backward(Array4::<f32>::zeros((1, 1, 3, 4)).view());
}
