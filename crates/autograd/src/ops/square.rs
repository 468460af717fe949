//! Square.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `x²`. Derivative: `2 x`. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn square(&self) -> Self {
        let values = self.shared();
        let output = elementwise::map(values.view(), |value| value * value);
        Self::record(&[self], output, move |mut gradient, parents| {
            let two = T::one() + T::one();
            elementwise::update(&mut gradient, values.view(), |gradient, value| {
                two * value * gradient
            });
            parents.add(0, gradient);
        })
    }
}
