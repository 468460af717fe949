//! Products of matrices as three loops.

use ndarray::{Array2, ArrayView2};

use crate::Element;

/// See [`ops::matmul`](crate::ops::matmul()).
///
/// # Panics
/// If an index does not exist.
pub fn matmul<T: Element>(left: ArrayView2<'_, T>, right: ArrayView2<'_, T>) -> Array2<T> {
    Array2::from_shape_fn((left.nrows(), right.ncols()), |(row, column)| {
        let mut sum = T::zero();
        for k in 0..left.ncols() {
            sum += left[[row, k]] * right[[k, column]];
        }
        sum
    })
}

/// See [`ops::gram`](crate::ops::gram()).
pub fn gram<T: Element>(matrix: ArrayView2<'_, T>) -> Array2<T> {
    matmul(matrix, matrix.t())
}
