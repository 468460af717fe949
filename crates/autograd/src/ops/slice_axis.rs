//! A range of an axis.

use std::ops::Range;

use ndarray::{ArrayD, Axis, Slice};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// Entries `range` of `axis`. Nothing is copied. Derivative: the gradient in its
    /// place, zero outside. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same with the axis as long as the range.
    ///
    /// # Panics
    /// If there is no such axis or the range is not within it.
    #[must_use]
    pub fn slice_axis(&self, axis: usize, range: Range<usize>) -> Self {
        let shape = self.value().raw_dim();
        let length = self.shape().get(axis).copied();
        assert!(
            range.start <= range.end && length.is_some_and(|length| range.end <= length),
            "slice_axis: {range:?} of axis {axis} of shape {:?}",
            self.shape()
        );
        let slice = Slice::from(range);
        let output = self.shared().slice_axis_move(Axis(axis), slice);
        Self::record(&[self], output, move |gradient, parents| {
            let mut whole = ArrayD::zeros(shape);
            whole.slice_axis_mut(Axis(axis), slice).assign(&gradient);
            parents.add(0, whole);
        })
    }
}
