//! Padding and concatenation value by value.

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

/// See [`ops::concat_channels`](crate::ops::concat_channels()).
///
/// # Panics
/// If there are no inputs or an index does not exist.
pub fn concat_channels<T: Element>(inputs: &[ArrayView4<'_, T>]) -> Array4<T> {
    let (n, _, h, w) = inputs[0].dim();
    let channels = inputs.iter().map(|input| input.dim().1).sum();
    Array4::from_shape_fn((n, channels, h, w), |(n, c, y, x)| {
        let mut channel = c;
        let mut index = 0;
        while channel >= inputs[index].dim().1 {
            channel -= inputs[index].dim().1;
            index += 1;
        }
        inputs[index][[n, channel, y, x]]
    })
}
