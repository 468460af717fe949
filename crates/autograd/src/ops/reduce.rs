//! Sums and means, over all values or along an axis.

use ndarray::{Array, ArrayD, Axis, IxDyn, arr0};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// `Σ x` over all values. Derivative: 1 for each. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns a single number, without axes.
    #[must_use]
    pub fn sum(&self) -> Self {
        let shape = self.value().raw_dim();
        Self::record(&[self], arr0(self.value().sum()), move |gradient, parents| {
            parents.add(0, ArrayD::from_elem(shape, gradient[IxDyn(&[])]));
        })
    }

    /// `Σ x` along `axis`, which is removed. Derivative: 1 for each. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the shape without the axis.
    ///
    /// # Panics
    /// If there is no such axis.
    #[must_use]
    pub fn sum_axis(&self, axis: usize) -> Self {
        assert!(axis < self.shape().len(), "sum_axis: axis {axis} of shape {:?}", self.shape());
        let shape = self.value().raw_dim();
        let output = self.value().sum_axis(Axis(axis));
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, broadcast_along(gradient, axis, shape));
        })
    }

    /// `Σ x / count` over all values. Derivative: `1 / count` for each. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns a single number, without axes.
    ///
    /// # Panics
    /// If there are no values.
    #[must_use]
    pub fn mean(&self) -> Self {
        let count = self.value().len();
        assert!(count > 0, "mean: no values in shape {:?}", self.shape());
        self.sum().mul_scalar(T::from_f64(1.0 / count as f64))
    }

    /// `Σ x / count` along `axis`, which is removed. Derivative: `1 / count` for each.
    /// Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the shape without the axis.
    ///
    /// # Panics
    /// If there is no such axis or its length is zero.
    #[must_use]
    pub fn mean_axis(&self, axis: usize) -> Self {
        let count = self.shape().get(axis).copied();
        let Some(count) = count.filter(|count| *count > 0) else {
            panic!("mean_axis: no values along axis {axis} of shape {:?}", self.shape());
        };
        self.sum_axis(axis).mul_scalar(T::from_f64(1.0 / count as f64))
    }
}

/// The gradient of a sum along `axis`, for each of its terms.
fn broadcast_along<T: Element>(gradient: ArrayD<T>, axis: usize, shape: IxDyn) -> ArrayD<T> {
    let gradient = gradient.insert_axis(Axis(axis));
    let Some(stretched) = gradient.broadcast(shape.clone()) else {
        unreachable!("a sum has the shape of its terms without the axis")
    };
    let mut terms = Array::zeros(shape);
    terms.assign(&stretched);
    terms
}
