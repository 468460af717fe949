//! Absolute value.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `|x|`. Derivative: the sign of `x`.
    ///
    /// At zero, where it is undefined, zero is taken. A NaN stays NaN in value and
    /// derivative.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn abs(&self) -> Self {
        let values = self.shared();
        let output = elementwise::map(values.view(), |value| value.abs());
        Self::record(&[self], output, move |mut gradient, parents| {
            elementwise::update(&mut gradient, values.view(), |gradient, value| {
                if value == T::zero() { T::zero() } else { gradient * value.signum() }
            });
            parents.add(0, gradient);
        })
    }
}
