//! Negation.

use std::ops::Neg;

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `-a`, also as `-&a`. Derivative: -1.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn neg(&self) -> Self {
        let output = elementwise::map(self.value(), |value| -value);
        Self::record(&[self], output, |gradient, parents| parents.add(0, -gradient))
    }
}

impl<T: Element> Neg for &Var<T> {
    type Output = Var<T>;

    fn neg(self) -> Var<T> {
        Var::neg(self)
    }
}
