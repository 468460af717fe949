//! Memory for large, long-lived arrays: a program's weights and the values of a pass.
//!
//! It is mapped from the system in blocks that the system may back with huge pages. The
//! first touch of an ordinary page costs about a microsecond, and a network has thousands
//! of pages; half the time from start to first answer went there.
#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::MmapRaw;

use crate::Element;

/// Bytes of a block; a larger buffer gets a block of its own.
const BLOCK: usize = 8 << 20;

/// Buffers begin on a cache line.
const ALIGNMENT: usize = 64;

/// Allocates buffers one after another from large blocks.
#[derive(Default)]
pub(crate) struct HugePageArena {
    block: Mutex<Option<Block>>,
}

struct Block {
    memory: Arc<MmapRaw>,
    /// Bytes that buffers occupy.
    used: usize,
}

impl HugePageArena {
    /// A buffer of `length` zeros. A block is unmapped together with its last buffer.
    pub(crate) fn allocate<T: Element>(&self, length: usize) -> AlignedBuffer<T> {
        let bytes = bytes_of::<T>(length);
        let mut current = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Block { memory, used }) = current.as_mut()
            && bytes <= memory.len() - *used
        {
            let start = *used;
            *used += bytes;
            return AlignedBuffer::in_block(Arc::clone(memory), start, length);
        }
        let memory = Arc::new(map(bytes.max(BLOCK)));
        *current = Some(Block { memory: Arc::clone(&memory), used: bytes });
        AlignedBuffer::in_block(memory, 0, length)
    }
}

/// An array that begins on a cache line.
pub(crate) struct AlignedBuffer<T> {
    memory: Arc<MmapRaw>,
    /// Bytes of the block in front of the array.
    start: usize,
    length: usize,
    element: PhantomData<T>,
}

impl<T: Element> AlignedBuffer<T> {
    /// A buffer of `length` zeros in a block of its own.
    pub(crate) fn new(length: usize) -> Self {
        Self::in_block(Arc::new(map(bytes_of::<T>(length).max(1))), 0, length)
    }

    /// The caller must give these bytes to no other buffer.
    fn in_block(memory: Arc<MmapRaw>, start: usize, length: usize) -> Self {
        assert!(start.is_multiple_of(ALIGNMENT) && bytes_of::<T>(length) <= memory.len() - start);
        Self { memory, start, length, element: PhantomData }
    }

    fn as_ptr(&self) -> *mut T {
        self.memory.as_mut_ptr().wrapping_add(self.start).cast()
    }

    pub(crate) fn values(&self) -> &[T] {
        // SAFETY: `in_block` checked that the array is inside the mapping, which lives as
        // long as `memory`, and aligned, as mappings begin on a page. Mapped memory is zero
        // until it is written, which is a valid value of every `Element`. No other buffer
        // has these bytes.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.length) }
    }

    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `values`; the buffer is borrowed exclusively.
        unsafe { std::slice::from_raw_parts_mut(self.as_ptr(), self.length) }
    }
}

impl<T> fmt::Debug for AlignedBuffer<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("AlignedBuffer")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// Bytes of an array of `length`, rounded up so that the next buffer is aligned too.
fn bytes_of<T>(length: usize) -> usize {
    length
        .checked_mul(size_of::<T>())
        .and_then(|bytes| bytes.checked_next_multiple_of(ALIGNMENT))
        .unwrap_or_else(|| panic!("an array of {length} values exceeds the address space"))
}

/// New memory from the system, zero.
fn map(bytes: usize) -> MmapRaw {
    let memory = memmap2::MmapOptions::new().len(bytes).map_anon();
    let memory = memory.unwrap_or_else(|error| panic!("cannot map {bytes} bytes: {error}"));
    // Without huge pages the first pass is slower; nothing else changes.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    memory.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_are_zero_aligned_and_disjoint() {
        let arena = HugePageArena::default();
        let lengths = [0, 5, 16, BLOCK / 4 - 100, 90, 3 * BLOCK / 4, 7];
        let mut buffers: Vec<AlignedBuffer<f32>> =
            lengths.iter().map(|length| arena.allocate(*length)).collect();
        buffers.push(AlignedBuffer::new(1000));
        buffers.push(AlignedBuffer::new(0));
        drop(arena);
        for (number, buffer) in buffers.iter_mut().enumerate() {
            assert!(buffer.values().iter().all(|value| *value == 0.0), "buffer {number}");
            assert_eq!(buffer.values().as_ptr().align_offset(ALIGNMENT), 0, "buffer {number}");
            buffer.values_mut().fill(number as f32);
        }
        for (number, buffer) in buffers.iter().enumerate() {
            assert!(buffer.values().iter().all(|value| *value == number as f32), "{number}");
        }
    }
}
