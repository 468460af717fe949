//! The activation that a convolution applies while its output is still in cache.
//!
//! [`crate::ops::relu`] is the same function over whole arrays; fusing it saves that pass
//! over memory.

use crate::Element;

/// A function that is applied to each output of an operator before it is stored.
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

/// `max(x, 0)`; a NaN stays NaN, so that invalid input is not hidden.
#[inline(always)]
pub(crate) fn relu<T: Element>(value: T) -> T {
    if value < T::zero() { T::zero() } else { value }
}
