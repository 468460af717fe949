//! Central differences, against which every backward kernel is tested.

use ndarray::{Array, ArrayView, Dimension};

/// Checks `analytic` against central differences of `Σ grad_output forward(point)`, for a
/// function that is linear in each coordinate.
///
/// Differences of such a function are exact for any step. With [`whole`](super::support::whole)
/// values and a step of one half, their only roundings are those of the function itself, at
/// most some hundred of `f64`.
#[track_caller]
pub(crate) fn assert_linear_gradient<D: Dimension, E: Dimension>(
    point: ArrayView<'_, f64, D>,
    grad_output: ArrayView<'_, f64, E>,
    forward: impl Fn(ArrayView<'_, f64, D>) -> Array<f64, E>,
    analytic: &Array<f64, D>,
) {
    assert_differences(point, grad_output, forward, analytic, 0.5, 1e-12);
}

/// Checks `analytic` against central differences of `Σ grad_output forward(point)`, for a
/// function whose third derivatives are at most a thousand.
///
/// With a step h of 1e-5, curvature contributes an error of at most `1000 h² / 6`, 2e-8.
/// Rounding contributes `2e-16 / h` for each of the outputs that depend on a coordinate, of
/// which there are less than a thousand: together at most 4e-8, less than half of what is
/// allowed.
#[track_caller]
pub(crate) fn assert_gradient<D: Dimension, E: Dimension>(
    point: ArrayView<'_, f64, D>,
    grad_output: ArrayView<'_, f64, E>,
    forward: impl Fn(ArrayView<'_, f64, D>) -> Array<f64, E>,
    analytic: &Array<f64, D>,
) {
    assert_differences(point, grad_output, forward, analytic, 1e-5, 1e-6);
}

/// Errors are relative to the greatest derivative, but at least 0.1.
#[track_caller]
fn assert_differences<D: Dimension, E: Dimension>(
    point: ArrayView<'_, f64, D>,
    grad_output: ArrayView<'_, f64, E>,
    forward: impl Fn(ArrayView<'_, f64, D>) -> Array<f64, E>,
    analytic: &Array<f64, D>,
    step: f64,
    tolerance: f64,
) {
    assert_eq!(analytic.raw_dim(), point.raw_dim(), "the gradient's shape is not the input's");
    let mut moved = point.as_standard_layout().into_owned();
    let mut numeric = Array::zeros(point.raw_dim());
    for (place, slope) in numeric.iter_mut().enumerate() {
        let mut output_at = |step: f64| {
            let coordinate = &mut moved.as_slice_mut().expect("standard layout")[place];
            let original = *coordinate;
            *coordinate += step;
            let output = forward(moved.view());
            moved.as_slice_mut().expect("standard layout")[place] = original;
            output
        };
        // The difference of outputs first, then the sum: unchanged outputs cancel exactly.
        let difference = output_at(step) - output_at(-step);
        *slope = (&difference * &grad_output).sum() / (2.0 * step);
    }
    let largest = numeric.iter().fold(0.1, |largest: f64, slope| largest.max(slope.abs()));
    for ((place, analytic), numeric) in analytic.indexed_iter().zip(&numeric) {
        let error = (analytic - numeric).abs();
        assert!(
            error <= tolerance * largest,
            "at {place:?}: derivative {analytic}, differences give {numeric}, off by {error:e} of {largest:e}"
        );
    }
}
