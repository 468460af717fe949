//! Conversion of arrays to the fixed number of axes that a kernel takes, and broadcasting
//! between shapes.

use ndarray::{ArcArray, Array, ArrayD, Axis, Dimension, IxDyn};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// The value, shared, as an array of the number of axes of `D`.
    ///
    /// # Panics
    /// If it has another number of axes; the message names the operator and its argument.
    pub(crate) fn expect<D: Dimension>(&self, operator: &str, argument: &str) -> ArcArray<T, D> {
        let value = self.shared();
        match value.into_dimensionality::<D>() {
            Ok(value) => value,
            Err(_) => panic!(
                "{operator}: {argument} has shape {:?}, {} axes expected",
                self.shape(),
                D::NDIM.unwrap_or_default()
            ),
        }
    }
}

/// A gradient as an array of the number of axes of `D`.
pub(crate) fn fixed<T, D: Dimension>(gradient: ArrayD<T>) -> Array<T, D> {
    let Ok(gradient) = gradient.into_dimensionality::<D>() else {
        unreachable!("a gradient has the shape of its value")
    };
    gradient
}

/// [`fixed`] in standard layout, for kernels that work in place.
pub(crate) fn fixed_standard<T: Element, D: Dimension>(gradient: ArrayD<T>) -> Array<T, D> {
    let gradient = fixed::<T, D>(gradient);
    if gradient.is_standard_layout() {
        gradient
    } else {
        gradient.as_standard_layout().into_owned()
    }
}

/// The shape of an elementwise operator's output, by NumPy's rule: shapes are aligned
/// at their last axis, and an axis of length one, or a missing axis, is stretched.
///
/// # Panics
/// If the shapes do not match.
pub(crate) fn broadcast(operator: &str, left: &[usize], right: &[usize]) -> IxDyn {
    let axes = left.len().max(right.len());
    let length = |shape: &[usize], axis: usize| {
        (axis + shape.len()).checked_sub(axes).map_or(1, |axis| shape[axis])
    };
    let shape: Vec<usize> = (0..axes)
        .map(|axis| match (length(left, axis), length(right, axis)) {
            (left, right) if left == right => left,
            (1, length) | (length, 1) => length,
            _ => panic!("{operator}: shapes {left:?} and {right:?} do not broadcast"),
        })
        .collect();
    IxDyn(&shape)
}

/// The derivative of broadcasting from `shape`: sums over the stretched axes.
pub(crate) fn sum_to<T: Element>(mut gradient: ArrayD<T>, shape: &IxDyn) -> ArrayD<T> {
    while gradient.ndim() > shape.ndim() {
        gradient = gradient.sum_axis(Axis(0));
    }
    for axis in 0..shape.ndim() {
        if shape[axis] == 1 && gradient.len_of(Axis(axis)) != 1 {
            gradient = gradient.sum_axis(Axis(axis)).insert_axis(Axis(axis));
        }
    }
    gradient
}
