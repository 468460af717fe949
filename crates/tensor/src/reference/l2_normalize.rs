//! [`l2_normalize`](crate::ops::l2_normalize()) by its formula.

use ndarray::{Array2, ArrayView2};

use crate::Element;

/// See [`ops::l2_normalize`](crate::ops::l2_normalize()).
pub fn l2_normalize<T: Element>(input: ArrayView2<'_, T>, epsilon: f64) -> Array2<T> {
    let epsilon = T::from_f64(epsilon);
    Array2::from_shape_fn(input.dim(), |(n, i)| {
        let mut squares = T::zero();
        for value in input.row(n) {
            squares += *value * *value;
        }
        input[[n, i]] / if squares < epsilon { epsilon } else { squares }.sqrt()
    })
}
