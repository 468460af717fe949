//! Central differences, against which every backward kernel is tested.

use ndarray::{Array, ArrayView, Dimension};

/// Step of the differences. Rounding of the sums costs about 1e-16 / 1e-5 and
/// curvature 1e-10, both far below [`TOLERANCE`].
const STEP: f64 = 1e-5;
/// Greatest error, relative to the greatest derivative.
const TOLERANCE: f64 = 1e-6;

/// Checks `analytic` against central differences of `Σ grad_output forward(point)`.
#[track_caller]
pub(crate) fn assert_gradient<D: Dimension, E: Dimension>(
    point: ArrayView<'_, f64, D>,
    grad_output: ArrayView<'_, f64, E>,
    forward: impl Fn(ArrayView<'_, f64, D>) -> Array<f64, E>,
    analytic: &Array<f64, D>,
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
        let difference = output_at(STEP) - output_at(-STEP);
        *slope = (&difference * &grad_output).sum() / (2.0 * STEP);
    }
    let largest = numeric.iter().fold(1e-3, |largest: f64, slope| largest.max(slope.abs()));
    for ((place, analytic), numeric) in analytic.indexed_iter().zip(&numeric) {
        let error = (analytic - numeric).abs();
        assert!(
            error <= TOLERANCE * largest,
            "at {place:?}: derivative {analytic}, differences give {numeric}, off by {error:e} of {largest:e}"
        );
    }
}
