//! dense against its reference.

use ndarray::{Array1, ArrayView1, ArrayView2, array};
use proptest::prelude::*;
use tensor::ops::{dense, dense_backward};
use tensor::{Element, reference};

use crate::gradient::assert_linear_gradient;
use crate::support::{Layout, assert_equal, config, layouts, same_on_any_threads, whole};

fn check<T: Element>([n, i, o]: [usize; 3], bias: bool, layouts: [Layout; 2], seed: u64) {
    let input = whole::<T, _>((n, i), seed, layouts[0]);
    let weight = whole::<T, _>((o, i), seed + 1, layouts[1]);
    let bias: Option<Array1<T>> = bias.then(|| whole(o, seed + 2, layouts[0]));
    let bias = bias.as_ref().map(|bias| bias.view());
    let actual = same_on_any_threads(|| dense(input.view(), weight.view(), bias));
    assert_equal(&actual, &reference::dense(input.view(), weight.view(), bias));
}

proptest! {
    #![proptest_config(config(50))]
    #[test]
    fn equals_the_reference(
        shape in [0..20_usize, 0..40_usize, 1..40_usize],
        bias in any::<bool>(),
        layouts in [layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        check::<f32>(shape, bias, layouts, seed);
        check::<f64>(shape, bias, layouts, seed);
    }

    #[test]
    fn backward_equals_differences(
        [n, i, o] in [1..5_usize, 1..6_usize, 1..6_usize],
        layouts in [layouts(), layouts(), layouts()],
        seed in 0..u64::MAX / 2,
    ) {
        let input = whole::<f64, _>((n, i), seed, layouts[0]);
        let weight = whole::<f64, _>((o, i), seed + 1, layouts[1]);
        let bias: Array1<f64> = whole(o, seed + 2, layouts[2]);
        let gradient = whole::<f64, _>((n, o), seed + 3, layouts[2]);
        let actual = dense_backward(input.view(), weight.view(), gradient.view());
        let of_input =
            |input: ArrayView2<'_, f64>| reference::dense(input, weight.view(), Some(bias.view()));
        assert_linear_gradient(input.view(), gradient.view(), of_input, &actual.input);
        let of_weight =
            |weight: ArrayView2<'_, f64>| reference::dense(input.view(), weight, Some(bias.view()));
        assert_linear_gradient(weight.view(), gradient.view(), of_weight, &actual.weight);
        let of_bias =
            |bias: ArrayView1<'_, f64>| reference::dense(input.view(), weight.view(), Some(bias));
        assert_linear_gradient(bias.view(), gradient.view(), of_bias, &actual.bias);
    }
}

#[test]
fn by_hand() {
    let input = array![[1.0, 2.0]];
    let weight = array![[3.0, 4.0], [5.0, 6.0], [0.0, 1.0]];
    let bias = array![100.0, 0.0, -1.0];
    assert_eq!(dense(input.view(), weight.view(), None), array![[11.0, 17.0, 2.0]]);
    let output = dense(input.view(), weight.view(), Some(bias.view()));
    assert_eq!(output, array![[111.0, 17.0, 1.0]]);
}

#[test]
#[should_panic(expected = "input has 2 values, weight takes 3")]
fn different_lengths_panic_with_both_numbers() {
    dense(array![[1.0, 2.0]].view(), array![[1.0, 2.0, 3.0]].view(), None);
}
