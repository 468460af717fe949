//! Squared distances by their formula.

use ndarray::{Array1, ArrayView1, ArrayView2};

use crate::Element;

/// See [`ops::squared_distances`](crate::ops::squared_distances()).
pub fn squared_distances<T: Element>(
    points: ArrayView2<'_, T>,
    probe: ArrayView1<'_, T>,
) -> Array1<T> {
    let (m, i) = points.dim();
    Array1::from_shape_fn(m, |m| {
        let mut sum = T::zero();
        for i in 0..i {
            let difference = points[[m, i]] - probe[i];
            sum += difference * difference;
        }
        sum
    })
}
