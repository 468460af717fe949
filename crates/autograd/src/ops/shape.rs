//! Rearrangements of values: reshape, transpose, slices, selected rows, concatenation.

use std::ops::Range;

use ndarray::{ArcArray, ArrayD, Axis, Dimension, Ix4, IxDyn, Slice, concatenate};
use tensor::{Element, ops};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// The same values, in row-major order, in another shape. They are shared if they are
    /// stored in that order. Derivative: the gradient in the old shape. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns `shape`.
    ///
    /// # Panics
    /// If the number of values differs.
    #[must_use]
    pub fn reshape(&self, shape: &[usize]) -> Self {
        let old = self.value().raw_dim();
        let output = reshaped(self.shared(), "reshape", IxDyn(shape));
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = reshaped(gradient.into_shared(), "reshape", old);
            // It has no other owner, so it is not copied.
            parents.add(0, gradient.into_owned());
        })
    }

    /// The same values with all axes but the first joined into one, as a dense layer
    /// takes them. Derivative: that of [`reshape`](Self::reshape). Defined everywhere.
    ///
    /// # Shapes
    /// N × anything. Returns N × I.
    ///
    /// # Panics
    /// If there is no axis.
    #[must_use]
    pub fn flatten(&self) -> Self {
        let Some((n, others)) = self.shape().split_first() else {
            panic!("flatten: a single number has no axes")
        };
        self.reshape(&[*n, others.iter().product()])
    }

    /// Axes in reverse order: the transpose of a matrix. The values are shared.
    /// Derivative: the gradient, transposed back. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the shape reversed.
    #[must_use]
    pub fn transpose(&self) -> Self {
        Self::record(&[self], self.shared().reversed_axes(), |gradient, parents| {
            parents.add(0, gradient.reversed_axes());
        })
    }

    /// Axis `i` of the output is axis `order[i]` of the input. The values are shared.
    /// Derivative: the gradient in the old order. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the lengths in the new order.
    ///
    /// # Panics
    /// If `order` does not name each axis once.
    #[must_use]
    pub fn permute(&self, order: &[usize]) -> Self {
        let mut inverse = vec![usize::MAX; order.len()];
        for (new, old) in order.iter().enumerate() {
            if let Some(place) = inverse.get_mut(*old) {
                *place = new;
            }
        }
        assert!(
            order.len() == self.shape().len() && !inverse.contains(&usize::MAX),
            "permute: order {order:?} of the axes of shape {:?}",
            self.shape()
        );
        Self::record(
            &[self],
            self.shared().permuted_axes(IxDyn(order)),
            move |gradient, parents| {
                parents.add(0, gradient.permuted_axes(IxDyn(&inverse)));
            },
        )
    }

    /// Entries `range` of `axis`. The values are shared. Derivative: the gradient inside the
    /// range, zero outside. Defined everywhere.
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

    /// The entries of the first axis with these numbers, in this order; a number may be
    /// repeated. Derivative: the gradient of each row is added to the row of its number.
    /// Defined everywhere.
    ///
    /// # Shapes
    /// R × anything. Returns `rows.len()` × the same.
    ///
    /// # Panics
    /// If there is no axis, or a number is not below R.
    #[must_use]
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let Some(count) = self.shape().first() else {
            panic!("select_rows: a single number has no rows")
        };
        for row in rows {
            assert!(row < count, "select_rows: row {row} of {count}");
        }
        let shape = self.value().raw_dim();
        let output = self.value().select(Axis(0), rows);
        let rows = rows.to_vec();
        Self::record(&[self], output, move |gradient, parents| {
            let mut sums = ArrayD::zeros(shape);
            for (row, gradient) in rows.iter().zip(gradient.outer_iter()) {
                let mut sum = sums.index_axis_mut(Axis(0), *row);
                sum += &gradient;
            }
            parents.add(0, sums);
        })
    }

    /// `parts` concatenated along `axis`. Derivative: the gradient divided into the parts.
    /// Defined everywhere.
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

    /// The channels of `parts` concatenated, see
    /// [`ops::concat_channels`](tensor::ops::concat_channels()). Derivative: the gradient
    /// divided into the parts. Defined everywhere.
    ///
    /// # Shapes
    /// `parts[i]`: N × Cᵢ × H × W. Returns N × ΣCᵢ × H × W.
    ///
    /// # Panics
    /// If there are no parts, or they differ in N, H or W.
    #[must_use]
    pub fn concat_channels(parts: &[&Self]) -> Self {
        let values: Vec<_> =
            parts.iter().map(|part| part.expect::<Ix4>("concat_channels", "a part")).collect();
        let views: Vec<_> = values.iter().map(|value| value.view()).collect();
        let channels: Vec<usize> = views.iter().map(|view| view.dim().1).collect();
        let Some((first, view)) = parts.first().zip(views.first()) else {
            panic!("concat_channels: no parts")
        };
        let (n, _, h, w) = view.dim();
        let mut output = first.tape().take(Ix4(n, channels.iter().sum(), h, w));
        ops::concat_channels_into(&views, output.view_mut());
        let output = first.tape().share(output);
        Self::record(parts, output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let mut start = 0;
            for (index, c) in channels.into_iter().enumerate() {
                let part = gradient.slice_axis(Axis(1), Slice::from(start..start + c));
                start += c;
                if parents.wants(index) {
                    let mut target = parents.take(Ix4(n, c, h, w));
                    // The concatenation of one part is a copy, on all threads.
                    ops::concat_channels_into(&[part], target.view_mut());
                    parents.add(index, target);
                }
            }
            parents.give(gradient);
        })
    }
}

/// Reshapes an array, which is copied only if it is not in row-major order.
fn reshaped<T: Element>(
    values: ArcArray<T, IxDyn>,
    name: &str,
    shape: IxDyn,
) -> ArcArray<T, IxDyn> {
    assert_eq!(
        values.len(),
        shape.slice().iter().product::<usize>(),
        "{name}: {:?} into {:?}",
        values.shape(),
        shape.slice()
    );
    let values = if values.is_standard_layout() {
        values
    } else {
        values.as_standard_layout().into_owned().into_shared()
    };
    let Ok(values) = values.into_shape_with_order(shape) else {
        unreachable!("a standard layout with as many values reshapes")
    };
    values
}
