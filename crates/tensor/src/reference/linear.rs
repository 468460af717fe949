//! The fully connected layer as three loops.

use ndarray::{Array2, ArrayView1, ArrayView2};

use crate::Element;

/// See [`ops::dense`](crate::ops::dense()).
///
/// # Panics
/// If an index does not exist.
pub fn dense<T: Element>(
    input: ArrayView2<'_, T>,
    weight: ArrayView2<'_, T>,
    bias: Option<ArrayView1<'_, T>>,
) -> Array2<T> {
    Array2::from_shape_fn((input.nrows(), weight.nrows()), |(n, o)| {
        let mut sum = bias.map_or(T::zero(), |bias| bias[o]);
        for i in 0..input.ncols() {
            sum += input[[n, i]] * weight[[o, i]];
        }
        sum
    })
}
