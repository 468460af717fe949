//! relu against its reference.

use ndarray::array;
use proptest::prelude::*;
use tensor::{Element, ops, reference};

use crate::gradient::assert_gradient;
use crate::support::{
    Layout, assert_equal, config, distinct, layouts, random, same_on_any_threads,
};

fn check<T: Element>(shape: [usize; 4], layout: Layout, seed: u64) {
    let input = random::<T, _>(shape, seed, layout);
    let actual = same_on_any_threads(|| ops::relu(input.view()));
    assert_equal(&actual, &reference::relu(input.view()));
}

proptest! {
    #![proptest_config(config(50))]
    #[test]
    fn equals_the_reference(
        shape in [0..3_usize, 1..6_usize, 1..60_usize, 1..60_usize],
        layout in layouts(),
        seed in any::<u64>(),
    ) {
        check::<f32>(shape, layout, seed);
        check::<f64>(shape, layout, seed);
    }

    #[test]
    fn backward_equals_differences(
        shape in [1..3_usize, 1..4_usize, 1..5_usize, 1..5_usize],
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = distinct::<f64, _>(shape, seed, layouts[0]);
        let gradient = random::<f64, _>(shape, seed + 1, layouts[1]);
        let output = reference::relu(input.view());
        let actual = same_on_any_threads(|| ops::relu_backward(output.view(), gradient.view()));
        assert_gradient(input.view(), gradient.view(), |input| reference::relu(input), &actual);
    }
}

#[test]
fn by_hand() {
    let output = ops::relu(array![-1.0, 0.0, 2.0, f64::NAN].view());
    assert_eq!(output.slice(ndarray::s![..3]), array![0.0, 0.0, 2.0]);
    assert!(output[3].is_nan());
}

#[test]
fn backward_at_the_kink_is_zero() {
    let gradient = ops::relu_backward(array![0.0, 1.0, -1.0].view(), array![5.0, 6.0, 7.0].view());
    assert_eq!(gradient, array![0.0, 6.0, 0.0]);
}
