//! Variables end to end along any axis.

use ndarray::{Axis, Slice, concatenate};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// `parts` one after the other along `axis`. Derivative: the gradient cut into the
    /// parts. Defined everywhere.
    ///
    /// For channels of images see [`concat_channels`](Self::concat_channels).
    ///
    /// # Shapes
    /// Equal but for `axis`. Returns the same with the lengths along `axis` added.
    ///
    /// # Panics
    /// If there are no parts, no such axis, or other lengths differ.
    #[must_use]
    pub fn concat(axis: usize, parts: &[&Self]) -> Self {
        let Some(first) = parts.first() else { panic!("concat: no parts") };
        assert!(axis < first.shape().len(), "concat: axis {axis} of shape {:?}", first.shape());
        for (index, part) in parts.iter().enumerate() {
            let matches = part.shape().len() == first.shape().len()
                && (0..first.shape().len())
                    .all(|other| other == axis || part.shape()[other] == first.shape()[other]);
            assert!(
                matches,
                "concat: part {index} has shape {:?}, the first {:?}, along axis {axis}",
                part.shape(),
                first.shape()
            );
        }
        let views: Vec<_> = parts.iter().map(|part| part.value()).collect();
        let Ok(output) = concatenate(Axis(axis), &views) else {
            unreachable!("the shapes were just compared")
        };
        let lengths: Vec<usize> = parts.iter().map(|part| part.shape()[axis]).collect();
        Self::record(parts, output, move |gradient, parents| {
            let mut start = 0;
            for (index, length) in lengths.into_iter().enumerate() {
                let end = start + length;
                if parents.wants(index) {
                    let part = gradient.slice_axis(Axis(axis), Slice::from(start..end));
                    parents.add(index, part.to_owned());
                }
                start = end;
            }
        })
    }
}
