//! Rectified linear unit.

use tensor::{Element, ops};

use crate::Var;

impl<T: Element> Var<T> {
    /// `max(x, 0)`, see [`ops::relu`](tensor::ops::relu()). Derivative: 1 where the
    /// output is positive, else 0, at zero too where it is undefined.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn relu(&self) -> Self {
        let output = ops::relu(self.value()).into_shared();
        let kept = output.clone();
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, ops::relu_backward(kept.view(), gradient.view()));
        })
    }
}
