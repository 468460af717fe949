//! The activation that a convolution applies while its output is still in cache.
//!
//! Separate from [`crate::ops::relu`], which reads and writes whole arrays:
//! fusing spares that pass over memory.

use crate::Element;

/// What to do to each output of an operator before it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
}

impl Activation {
    /// The activation of one value.
    #[inline(always)]
    pub(crate) fn of<T: Element>(self, value: T) -> T {
        match self {
            Self::None => value,
            Self::Relu => relu(value),
        }
    }
}

/// `max(x, 0)`; a NaN stays NaN, so that a broken input is not hidden.
#[inline(always)]
pub(crate) fn relu<T: Element>(value: T) -> T {
    if value < T::zero() { T::zero() } else { value }
}
