//! Square root.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `√x`. Derivative: `1 / (2 √x)`, kept from the output.
    ///
    /// At zero, where it is infinite, zero is taken: the distance of a point from
    /// itself then pulls nowhere, in place of a NaN. Below zero both are NaN.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn sqrt(&self) -> Self {
        let output = elementwise::map(self.value(), |value| value.sqrt()).into_shared();
        let roots = output.clone();
        Self::record(&[self], output, move |mut gradient, parents| {
            let two = T::one() + T::one();
            elementwise::update(&mut gradient, roots.view(), |gradient, root| {
                if root == T::zero() { T::zero() } else { gradient / (two * root) }
            });
            parents.add(0, gradient);
        })
    }
}
