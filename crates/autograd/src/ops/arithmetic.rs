//! Arithmetic of two variables, or of a variable and a number: add, sub, mul, div, neg.
//!
//! Shapes broadcast by NumPy's rule. Where an axis was stretched, the gradient is summed
//! over it.

use std::ops::{Add, Div, Mul, Neg, Sub};

use tensor::Element;

use crate::axes::{broadcast, sum_to};
use crate::{Var, parallel};

impl<T: Element> Var<T> {
    /// `a + b`, also as `&a + &b`. Derivative: 1 for both. Defined everywhere.
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

    /// `a - b`, also as `&a - &b`. Derivative: 1 and -1. Defined everywhere.
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

    /// `a b`, elementwise, also as `&a * &b`. Derivative: `b` and `a`. Defined everywhere.
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

    /// `a / b`, elementwise, also as `&a / &b`. Derivative: `1 / b` and `-a / b²`. Undefined
    /// where `b` is zero: value and derivative are infinite or NaN there.
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

    /// `-a`, also as `-&a`. Derivative: -1. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn neg(&self) -> Self {
        let output = parallel::map(self.value(), |value| -value);
        Self::record(&[self], output, |gradient, parents| parents.add(0, -gradient))
    }

    /// `a + number`, also as `&a + number`. Derivative: 1. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn add_scalar(&self, number: T) -> Self {
        let output = parallel::map(self.value(), |value| value + number);
        Self::record(&[self], output, |gradient, parents| parents.add(0, gradient))
    }

    /// `a - number`, also as `&a - number`. Derivative: 1. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn sub_scalar(&self, number: T) -> Self {
        self.add_scalar(-number)
    }

    /// `number a`, also as `&a * number`. Derivative: `number`. Defined everywhere.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn mul_scalar(&self, number: T) -> Self {
        let output = parallel::map(self.value(), |value| value * number);
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, gradient * number);
        })
    }

    /// `a / number`, also as `&a / number`. Derivative: `1 / number`. Undefined if the
    /// number is zero: value and derivative are infinite or NaN then.
    ///
    /// # Shapes
    /// Any. Returns the same shape.
    #[must_use]
    pub fn div_scalar(&self, number: T) -> Self {
        let output = parallel::map(self.value(), |value| value / number);
        Self::record(&[self], output, move |gradient, parents| {
            parents.add(0, gradient / number);
        })
    }
}

/// Implements an operator of the language by two methods.
macro_rules! operator {
    ($Operator:ident, $method:ident, $scalar:ident) => {
        impl<T: Element> $Operator for &Var<T> {
            type Output = Var<T>;

            fn $method(self, other: Self) -> Var<T> {
                Var::$method(self, other)
            }
        }

        impl<T: Element> $Operator<T> for &Var<T> {
            type Output = Var<T>;

            fn $method(self, number: T) -> Var<T> {
                self.$scalar(number)
            }
        }
    };
}

operator!(Add, add, add_scalar);
operator!(Sub, sub, sub_scalar);
operator!(Mul, mul, mul_scalar);
operator!(Div, div, div_scalar);

impl<T: Element> Neg for &Var<T> {
    type Output = Var<T>;

    fn neg(self) -> Var<T> {
        Var::neg(self)
    }
}
