//! Power with a fixed exponent.

use tensor::Element;

use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `x` to the power of `exponent`. Derivative: `exponent x^(exponent - 1)`, and zero
    /// everywhere if the exponent is zero.
    ///
    /// Undefined at zero for exponents below one, where it is infinite, and below zero
    /// for exponents that are not whole, where both are NaN.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn powf(&self, exponent: f64) -> Self {
        let values = self.shared();
        let power = T::from_f64(exponent);
        let output = elementwise::map(values.view(), |value| value.powf(power));
        Self::record(&[self], output, move |mut gradient, parents| {
            let lower = T::from_f64(exponent - 1.0);
            elementwise::update(&mut gradient, values.view(), |gradient, value| {
                if power == T::zero() { T::zero() } else { power * value.powf(lower) * gradient }
            });
            parents.add(0, gradient);
        })
    }
}
