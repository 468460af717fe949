//! Exponential function.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `eˣ`. Derivative: `eˣ`, kept from the output. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn exp(&self) -> Self {
        let output = elementwise::map(self.value(), |value| value.exp()).into_shared();
        let powers = output.clone();
        Self::record(&[self], output, move |mut gradient, parents| {
            elementwise::update(&mut gradient, powers.view(), |gradient, power| gradient * power);
            parents.add(0, gradient);
        })
    }
}
