//! ReLU by its formula.

use ndarray::{Array, ArrayView, Dimension};

use crate::Element;

/// See [`ops::relu`](crate::ops::relu()).
pub fn relu<T: Element, D: Dimension>(input: ArrayView<'_, T, D>) -> Array<T, D> {
    input.mapv(|value| if value < T::zero() { T::zero() } else { value })
}
