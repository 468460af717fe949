//! Squared Euclidean distances from one point to many: the innermost loop of a search.

use ndarray::{Array1, ArrayView1, ArrayView2, ArrayViewMut1};

use crate::kernels::simd::dispatch;
use crate::kernels::sums::Distances;
use crate::{Element, level};

/// `Σ (point − probe)²` for every row of `points`.
///
/// The sums have a fixed order, so the result of a row does not depend on other rows.
/// Runs on the caller's thread: with 128 values a row it is limited by the memory bandwidth
/// of a core. Callers with many rows divide them among threads.
///
/// # Shapes
/// `points`: M × I, `probe`: I. Returns M.
///
/// # Panics
/// If I differs between the arguments.
pub fn squared_distances<T: Element>(
    points: ArrayView2<'_, T>,
    probe: ArrayView1<'_, T>,
) -> Array1<T> {
    let mut output = Array1::zeros(points.nrows());
    squared_distances_into(points, probe, output.view_mut());
    output
}

/// [`squared_distances`] into an existing array.
///
/// # Shapes
/// `points`: M × I, `probe`: I, `output`: M.
///
/// # Panics
/// If I or M differ between the arguments.
pub fn squared_distances_into<T: Element>(
    points: ArrayView2<'_, T>,
    probe: ArrayView1<'_, T>,
    mut output: ArrayViewMut1<'_, T>,
) {
    let (m, i) = points.dim();
    assert_eq!(probe.len(), i, "squared_distances: points have {i} values, not {}", probe.len());
    assert_eq!(output.len(), m, "squared_distances: {m} points, room for {}", output.len());
    let (points, probe) = (points.as_standard_layout(), probe.as_standard_layout());
    match (points.as_slice(), probe.as_slice(), output.as_slice_mut()) {
        (Some(points), Some(probe), Some(output)) if i > 0 => {
            dispatch(level::active(), Distances { points, probe, output });
        }
        // Strided output or empty rows are rare, so this loop need not be fast.
        _ => {
            for (row, output) in points.rows().into_iter().zip(output) {
                *output = row.iter().zip(&probe).fold(T::zero(), |sum, (&a, &b)| {
                    let difference = a - b;
                    sum + difference * difference
                });
            }
        }
    }
}
