//! Natural logarithm.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `ln x`. Derivative: `1 / x`. Undefined at zero and below: the value is `-∞` or
    /// NaN there and the derivative whatever `1 / x` gives.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn ln(&self) -> Self {
        let values = self.shared();
        let output = elementwise::map(values.view(), |value| value.ln());
        Self::record(&[self], output, move |mut gradient, parents| {
            elementwise::update(&mut gradient, values.view(), |gradient, value| gradient / value);
            parents.add(0, gradient);
        })
    }
}
