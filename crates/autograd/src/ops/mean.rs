//! Mean over all values or along an axis.

use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// `Σ x / count` over all values. Derivative: `1 / count` for each. Defined
    /// everywhere.
    ///
    /// # Shapes
    /// Any. Returns a single number, of no axes.
    ///
    /// # Panics
    /// If there are no values.
    #[must_use]
    pub fn mean(&self) -> Self {
        let count = self.value().len();
        assert!(count > 0, "mean: no values in shape {:?}", self.shape());
        self.sum().mul_scalar(T::from_f64(1.0 / count as f64))
    }

    /// `Σ x / count` along `axis`, which goes away. Derivative: `1 / count` for each.
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
