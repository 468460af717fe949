//! Quotient of two variables place by place, or of a variable and a number.

use std::ops::Div;

use tensor::Element;

use crate::axes::{broadcast, sum_to};
use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `a / b` place by place, also as `&a / &b`. Derivative: `1 / b` and `-a / b²`,
    /// summed over the axes that were stretched. Undefined where `b` is zero: there
    /// value and derivative are infinite or NaN.
    ///
    /// # Shapes
    /// Any two that broadcast. Returns the broadcast shape.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[must_use]
    pub fn div(&self, other: &Self) -> Self {
        broadcast("div", self.shape(), other.shape());
        let divisor = other.shared();
        let output = (&self.value() / &divisor.view()).into_shared();
        let quotient = output.clone();
        let left = self.value().raw_dim();
        Self::record(&[self, other], output, move |gradient, parents| {
            let gradient = gradient / &divisor;
            if parents.wants(1) {
                parents.add(1, -sum_to(&gradient * &quotient, &divisor.raw_dim()));
            }
            if parents.wants(0) {
                parents.add(0, sum_to(gradient, &left));
            }
        })
    }

    /// `a / number`, also as `&a / number`. Derivative: `1 / number`. Undefined if the
    /// number is zero: there value and derivative are infinite or NaN.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn div_scalar(&self, number: T) -> Self {
        let output = elementwise::map(self.value(), |value| value / number);
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, gradient / number);
        })
    }
}

impl<T: Element> Div for &Var<T> {
    type Output = Var<T>;

    fn div(self, other: Self) -> Var<T> {
        Var::div(self, other)
    }
}

impl<T: Element> Div<T> for &Var<T> {
    type Output = Var<T>;

    fn div(self, number: T) -> Var<T> {
        self.div_scalar(number)
    }
}
