//! The memory of a forward pass, taken once.
#![allow(unsafe_code)]

use crate::kernels::huge::Part;

/// A block of aligned values.
#[derive(Default)]
pub(crate) struct Arena {
    values: Option<Part<f32>>,
}

impl Arena {
    /// Makes room for `length` values; what it held may be lost.
    pub(crate) fn reserve(&mut self, length: usize) {
        if self.values.as_ref().is_none_or(|values| values.values().len() < length) {
            self.values = Some(Part::alone(length));
        }
    }

    /// The first value.
    pub(crate) fn start(&mut self) -> Memory {
        let values = self.values.as_mut().map(Part::values_mut);
        Memory(values.unwrap_or_default().as_mut_ptr())
    }
}

/// An arena's memory while threads share it.
///
/// Whoever reads or writes through it has to know that nobody else writes there: see
/// [`Step::run`](super::step::Step::run).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Memory(*mut f32);

// SAFETY: it is an address; every use of it is `unsafe` and says why there is no race.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    /// The place `offset` values on.
    ///
    /// # Safety
    /// It is inside the arena.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut f32 {
        // SAFETY: the caller vouches for it.
        unsafe { self.0.add(offset) }
    }
}
