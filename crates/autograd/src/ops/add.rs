//! Sum of two variables, or of a variable and a number.

use std::ops::Add;

use tensor::Element;

use crate::axes::{broadcast, sum_to};
use crate::{Var, elementwise};

impl<T: Element> Var<T> {
    /// `a + b`, also as `&a + &b`. Derivative: 1 for both, summed over the axes that
    /// were stretched. Defined everywhere.
    ///
    /// # Shapes
    /// Any two that broadcast. Returns the broadcast shape.
    ///
    /// # Panics
    /// If the shapes do not broadcast.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        broadcast("add", self.shape(), other.shape());
        let output = &self.value() + &other.value();
        let [left, right] = [self, other].map(|var| var.value().raw_dim());
        Self::record(&[self, other], output, move |gradient, parents| {
            if parents.wants(0) && parents.wants(1) {
                parents.add(0, sum_to(gradient.clone(), &left));
                parents.add(1, sum_to(gradient, &right));
            } else if parents.wants(0) {
                parents.add(0, sum_to(gradient, &left));
            } else {
                parents.add(1, sum_to(gradient, &right));
            }
        })
    }

    /// `a + number`, also as `&a + number`. Derivative: 1.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn add_scalar(&self, number: T) -> Self {
        let output = elementwise::map(self.value(), |value| value + number);
        Self::record(&[self], output, |gradient, parents| parents.add(0, gradient))
    }
}

impl<T: Element> Add for &Var<T> {
    type Output = Var<T>;

    fn add(self, other: Self) -> Var<T> {
        Var::add(self, other)
    }
}

impl<T: Element> Add<T> for &Var<T> {
    type Output = Var<T>;

    fn add(self, number: T) -> Var<T> {
        self.add_scalar(number)
    }
}
