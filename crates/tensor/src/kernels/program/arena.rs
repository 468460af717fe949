//! The memory of a forward pass, allocated once.
#![allow(unsafe_code)]

use crate::kernels::aligned_buffer::AlignedBuffer;

/// A block of aligned values.
#[derive(Default)]
pub(crate) struct Arena {
    values: Option<AlignedBuffer<f32>>,
}

impl Arena {
    /// Ensures room for `length` values; the old values may be lost.
    pub(crate) fn reserve(&mut self, length: usize) {
        if self.values.as_ref().is_none_or(|values| values.values().len() < length) {
            self.values = Some(AlignedBuffer::new(length));
        }
    }

    /// A pointer that threads can share.
    pub(crate) fn pointer(&mut self) -> ArenaPtr {
        let values = self.values.as_mut().map(AlignedBuffer::values_mut).unwrap_or_default();
        ArenaPtr { start: values.as_mut_ptr(), length: values.len() }
    }
}

/// An arena's memory while threads share it.
///
/// Whoever reads or writes through it must exclude concurrent writes: see
/// [`Step::run`](super::step::Step::run).
#[derive(Clone, Copy, Debug)]
pub(crate) struct ArenaPtr {
    start: *mut f32,
    length: usize,
}

// SAFETY: it is an address; every access through it is `unsafe` and states why there is no
// race.
unsafe impl Send for ArenaPtr {}
// SAFETY: as above.
unsafe impl Sync for ArenaPtr {}

impl ArenaPtr {
    /// The address of value `offset`.
    ///
    /// # Safety
    /// It is inside the arena, or its end.
    #[inline(always)]
    pub(crate) unsafe fn at(self, offset: usize) -> *mut f32 {
        debug_assert!(offset <= self.length, "offset {offset} in an arena of {}", self.length);
        // SAFETY: guaranteed by the caller.
        unsafe { self.start.add(offset) }
    }
}
