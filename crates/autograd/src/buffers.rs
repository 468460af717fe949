//! Reuses the memory of earlier steps.
//!
//! A step of training allocates and frees hundreds of megabytes, in the same sizes as the
//! step before. New memory must be zeroed and mapped page by page, which takes as long as
//! some operators; memory that was just in use is ready at once.
//!
//! Buffers are kept in a list for each length. A buffer that was [given back](BufferPool::give)
//! is free at once. A buffer that is [shared](BufferPool::share) with variables is also
//! referenced here and becomes free when this reference is the only one left, which is
//! checked when a buffer of its length is requested: no caller has to report when a value is
//! no longer needed.

use std::collections::HashMap;

use ndarray::{ArcArray, Array, Dimension, IxDyn};
use tensor::Element;

/// The buffers of one tape.
#[derive(Debug)]
pub(crate) struct BufferPool<T> {
    lists: HashMap<usize, FreeList<T>>,
    /// Calls of [`release_unused`](Self::release_unused), to find unused buffers.
    round: u64,
}

/// The buffers of one length.
#[derive(Debug)]
struct FreeList<T> {
    /// Free buffers and the round in which each became free, in that order.
    free: Vec<(u64, Vec<T>)>,
    shared: Vec<ArcArray<T, IxDyn>>,
}

impl<T: Element> BufferPool<T> {
    pub(crate) fn new() -> Self {
        Self { lists: HashMap::new(), round: 0 }
    }

    /// An array with **unspecified values**, in standard layout.
    pub(crate) fn take<D: Dimension>(&mut self, shape: D) -> Array<T, D> {
        let length = shape.size();
        let free = self.lists.get_mut(&length).and_then(|list| {
            if list.free.is_empty() {
                list.collect(self.round);
            }
            list.free.pop()
        });
        let mut values = free.map_or_else(|| vec![T::zero(); length], |(_, values)| values);
        if cfg!(debug_assertions) {
            // Makes a read before the first write visible.
            values.fill(T::nan());
        }
        let Ok(array) = Array::from_shape_vec(shape, values) else {
            unreachable!("the buffer was chosen by the shape's size")
        };
        array
    }

    /// Returns an array that is not shared to the pool.
    pub(crate) fn give<D: Dimension>(&mut self, array: Array<T, D>) {
        let (values, _) = array.into_raw_vec_and_offset();
        let round = self.round;
        self.list(values.len()).free.push((round, values));
    }

    /// Registers a shared array, whose memory is reused when it has no other owner.
    pub(crate) fn share<D: Dimension>(&mut self, array: &ArcArray<T, D>) {
        self.list(array.len()).shared.push(array.clone().into_dyn());
    }

    /// Frees buffers that were not taken since the last call, because shapes change.
    pub(crate) fn release_unused(&mut self) {
        let round = self.round;
        self.lists.retain(|_, list| {
            list.collect(round);
            list.free.retain(|(freed, _)| *freed >= round);
            !(list.free.is_empty() && list.shared.is_empty())
        });
        self.round += 1;
    }

    /// Values of all free buffers.
    #[cfg(test)]
    fn free_values(&self) -> usize {
        self.lists.iter().map(|(length, list)| length * list.free.len()).sum()
    }

    fn list(&mut self, length: usize) -> &mut FreeList<T> {
        self.lists.entry(length).or_insert(FreeList { free: Vec::new(), shared: Vec::new() })
    }
}

impl<T: Element> FreeList<T> {
    /// Frees the shared buffers that have no other owner.
    fn collect(&mut self, round: u64) {
        for array in std::mem::take(&mut self.shared) {
            match array.try_into_owned_nocopy() {
                Ok(array) => self.free.push((round, array.into_raw_vec_and_offset().0)),
                Err(array) => self.shared.push(array),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Ix1, Ix2};

    use super::*;

    #[test]
    fn a_returned_buffer_is_reused_in_any_shape() {
        let mut buffers = BufferPool::<f32>::new();
        let first = buffers.take(Ix2(3, 4));
        let place = first.as_ptr();
        buffers.give(first);
        assert_ne!(buffers.take(Ix1(11)).as_ptr(), place);
        assert_eq!(buffers.take(Ix1(12)).as_ptr(), place);
    }

    #[test]
    fn a_shared_buffer_is_reused_only_without_other_owners() {
        let mut buffers = BufferPool::<f32>::new();
        let value = buffers.take(Ix1(12)).into_shared();
        let place = value.as_ptr();
        buffers.share(&value);
        let view = value.clone().into_dyn();
        drop(value);
        assert_ne!(buffers.take(Ix1(12)).as_ptr(), place);
        drop(view);
        assert_eq!(buffers.take(Ix1(12)).as_ptr(), place);
    }

    #[test]
    fn buffers_unused_for_two_rounds_are_freed() {
        let mut buffers = BufferPool::<f32>::new();
        let [small, large] = [12, 100].map(|length| buffers.take(Ix1(length)));
        buffers.give(small);
        buffers.give(large);
        buffers.release_unused();
        assert_eq!(buffers.free_values(), 112);
        let small = buffers.take(Ix1(12));
        buffers.give(small);
        buffers.release_unused();
        assert_eq!(buffers.free_values(), 12);
        buffers.release_unused();
        assert_eq!(buffers.free_values(), 0);
    }
}
