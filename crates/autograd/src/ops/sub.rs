//! Difference of two variables, or of a variable and a number.

use std::ops::Sub;

use tensor::Element;

use crate::Var;
use crate::axes::{broadcast, sum_to};

impl<T: Element> Var<T> {
    /// `a - b`, also as `&a - &b`. Derivative: 1 and -1, summed over the axes that
    /// were stretched. Defined everywhere.
    ///
    /// # Shapes
    /// Any two that broadcast. Returns the broadcast shape.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        broadcast("sub", self.shape(), other.shape());
        let output = &self.value() - &other.value();
        let [left, right] = [self, other].map(|var| var.value().raw_dim());
        Self::record(&[self, other], output, move |gradient, parents| {
            if parents.wants(1) {
                parents.add(1, -sum_to(gradient.clone(), &right));
            }
            if parents.wants(0) {
                parents.add(0, sum_to(gradient, &left));
            }
        })
    }
}

impl<T: Element> Sub for &Var<T> {
    type Output = Var<T>;

    fn sub(self, other: Self) -> Var<T> {
        Var::sub(self, other)
    }
}

impl<T: Element> Sub<T> for &Var<T> {
    type Output = Var<T>;

    fn sub(self, number: T) -> Var<T> {
        self.add_scalar(-number)
    }
}
