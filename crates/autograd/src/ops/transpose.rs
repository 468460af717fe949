//! The same values with their axes in another order.

use ndarray::IxDyn;
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// Axes in reverse order: the transpose of a matrix. Nothing is copied.
    /// Derivative: the gradient, transposed back.
    ///
    /// # Shapes
    /// Any. Returns the shape reversed.
    #[must_use]
    pub fn transpose(&self) -> Self {
        Self::record(&[self], self.shared().reversed_axes(), |gradient, parents| {
            parents.add(0, gradient.reversed_axes());
        })
    }

    /// Axis `i` of the output is axis `order[i]` of the input. Nothing is copied.
    /// Derivative: the gradient in the old order.
    ///
    /// # Shapes
    /// Any. Returns its lengths in the new order.
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
}
