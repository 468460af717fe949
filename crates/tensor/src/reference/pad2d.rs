//! [`pad2d`](crate::ops::pad2d()) value by value.

use ndarray::{Array4, ArrayView4};

use crate::{Element, Padding2d};

/// See [`ops::pad2d`](crate::ops::pad2d()).
pub fn pad2d<T: Element>(input: ArrayView4<'_, T>, padding: Padding2d) -> Array4<T> {
    let (n, c, h, w) = input.dim();
    let Padding2d { top, bottom, left, right } = padding;
    Array4::from_shape_fn((n, c, top + h + bottom, left + w + right), |(n, c, y, x)| {
        if y >= top && y < top + h && x >= left && x < left + w {
            input[[n, c, y - top, x - left]]
        } else {
            T::zero()
        }
    })
}
