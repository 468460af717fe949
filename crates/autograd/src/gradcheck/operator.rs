//! The complete check of an operator.

use ndarray::{ArrayD, ArrayViewD, Dimension};

use super::{Analytic, GradientCheck, Layout};
use crate::{Tape, Var};

/// Greatest difference, relative to the greatest value, of two computations in `f64` of
/// the same mathematical function.
const ROUNDING: f64 = 1e-12;

/// Panics unless `function` at `inputs`
///
/// * has the value of `reference`,
/// * has the derivatives of central differences, within 1e-5,
/// * and gives the same on every [`Layout`] of its inputs and of its output's gradient.
///
/// ```
/// use autograd::gradcheck::{assert_operator, points::random};
///
/// assert_operator(&[random(&[2, 3], 1)], |x| x[0].exp(), |x| x[0].mapv(f64::exp));
/// ```
///
/// # Panics
/// If the check fails.
#[track_caller]
pub fn assert_operator(
    inputs: &[ArrayD<f64>],
    function: impl Fn(&[Var<f64>]) -> Var<f64>,
    reference: impl Fn(&[ArrayViewD<'_, f64>]) -> ArrayD<f64>,
) {
    let check = GradientCheck::default();
    let standard = check.analytic(inputs, &function);
    let views: Vec<_> = inputs.iter().map(|input| input.view()).collect();
    assert_same("the value", &standard.output, &reference(&views));
    if let Err(error) = check.run(inputs, &function) {
        panic!("{error}");
    }
    for layout in Layout::OTHERS {
        let tape = Tape::new();
        let leaves: Vec<_> =
            views.iter().map(|view| tape.parameter(layout.of(view.clone()))).collect();
        let output = function(&leaves);
        let weights = layout.of(check.weights(output.shape()).view());
        let gradients = output.backward_from(weights);
        let found = Analytic::new(&leaves, gradients, output.value().to_owned());
        assert_same(&format!("the value of {layout:?}"), &found.output, &standard.output);
        for (input, gradients) in found.gradients.iter().zip(&standard.gradients).enumerate() {
            let what = format!("the gradient of input {input}, {layout:?},");
            assert_same(&what, gradients.0, gradients.1);
        }
    }
}

#[track_caller]
fn assert_same(what: &str, found: &ArrayD<f64>, expected: &ArrayD<f64>) {
    assert_eq!(found.shape(), expected.shape(), "{what} has another shape");
    let largest = expected.iter().fold(1.0, |largest: f64, value| largest.max(value.abs()));
    for ((index, found), expected) in found.indexed_iter().zip(expected) {
        assert!(
            (found - expected).abs() <= ROUNDING * largest,
            "{what} at {:?} is {found}, {expected} expected",
            index.slice()
        );
    }
}
