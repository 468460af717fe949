//! The element types of operators.
//!
//! One trait combines what kernels need, so that every operator is written once for both
//! types: `f32` for use, `f64` for checking gradients. It is sealed: its supertrait
//! `KernelElement` cannot be implemented outside the crate.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{AddAssign, DivAssign, MulAssign, SubAssign};

use ndarray::{LinalgScalar, ScalarOperand};
use num_traits::Float;

use crate::kernels::KernelElement;

/// A floating-point number: `f32` or `f64`.
pub trait Element:
    Float
    + LinalgScalar
    + ScalarOperand
    + Sum
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Send
    + Sync
    + Debug
    + Display
    + Default
    + KernelElement
    + 'static
{
    /// The nearest number of this type.
    fn from_f64(value: f64) -> Self;

    /// This number as `f64`, exactly.
    fn into_f64(self) -> f64;
}

impl Element for f32 {
    fn from_f64(value: f64) -> Self {
        value as f32
    }

    fn into_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Element for f64 {
    fn from_f64(value: f64) -> Self {
        value
    }

    fn into_f64(self) -> f64 {
        self
    }
}
