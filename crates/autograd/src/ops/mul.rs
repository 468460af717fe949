//! Product of two variables place by place, or of a variable and a number.

use std::ops::Mul;

use tensor::Element;

use crate::axes::{broadcast, sum_to};
use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `a b` place by place, also as `&a * &b`. Derivative: `b` and `a`, summed over
    /// the axes that were stretched. Defined everywhere.
    ///
    /// # Shapes
    /// Any two that broadcast. Returns the broadcast shape.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        broadcast("mul", self.shape(), other.shape());
        let [left, right] = [self, other].map(Self::shared);
        let output = &left.view() * &right.view();
        Self::record(&[self, other], output, move |gradient, parents| {
            if parents.wants(1) {
                parents.add(1, sum_to(&gradient * &left, &right.raw_dim()));
            }
            if parents.wants(0) {
                parents.add(0, sum_to(gradient * &right, &left.raw_dim()));
            }
        })
    }

    /// `number a`, also as `&a * number`. Derivative: `number`.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn mul_scalar(&self, number: T) -> Self {
        let output = elementwise::map(self.value(), |value| value * number);
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, gradient * number);
        })
    }
}

impl<T: Element> Mul for &Var<T> {
    type Output = Var<T>;

    fn mul(self, other: Self) -> Var<T> {
        Var::mul(self, other)
    }
}

impl<T: Element> Mul<T> for &Var<T> {
    type Output = Var<T>;

    fn mul(self, number: T) -> Var<T> {
        self.mul_scalar(number)
    }
}
