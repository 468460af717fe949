//! Memory for what is large and lives long: a program's weights and the values of a pass.
//!
//! Taken from the system in blocks that it may back with huge pages. The first touch of an
//! ordinary page costs about a microsecond, and a network has thousands of them; half the
//! time from start to first answer went there.
#![allow(unsafe_code)]

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use memmap2::MmapRaw;

use crate::Element;

/// Bytes of a block; what is larger has one of its own.
const BLOCK: usize = 8 << 20;

/// What parts begin at: a cache line.
const ALIGNMENT: usize = 64;

/// A source of parts, one after another from the same block.
#[derive(Default)]
pub(crate) struct HugePages {
    block: Mutex<Option<Block>>,
}

struct Block {
    memory: Arc<MmapRaw>,
    /// Bytes that parts have.
    taken: usize,
}

impl HugePages {
    /// Memory for `length` numbers, all zero. The block is given back with its last part.
    pub(crate) fn part<T: Element>(&self, length: usize) -> Part<T> {
        let bytes = bytes_of::<T>(length);
        let mut current = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Block { memory, taken }) = current.as_mut()
            && bytes <= memory.len() - *taken
        {
            let at = *taken;
            *taken += bytes;
            return Part::new(Arc::clone(memory), at, length);
        }
        let memory = Arc::new(map(bytes.max(BLOCK)));
        *current = Some(Block { memory: Arc::clone(&memory), taken: bytes });
        Part::new(memory, 0, length)
    }
}

/// Numbers that one owner has, beginning on a cache line.
pub(crate) struct Part<T> {
    memory: Arc<MmapRaw>,
    /// Bytes in front of it.
    at: usize,
    length: usize,
    numbers: PhantomData<T>,
}

impl<T: Element> Part<T> {
    /// A part with a block of its own.
    pub(crate) fn alone(length: usize) -> Self {
        Self::new(Arc::new(map(bytes_of::<T>(length).max(1))), 0, length)
    }

    /// The caller gives these bytes to nobody else.
    fn new(memory: Arc<MmapRaw>, at: usize, length: usize) -> Self {
        assert!(at.is_multiple_of(ALIGNMENT) && bytes_of::<T>(length) <= memory.len() - at);
        Self { memory, at, length, numbers: PhantomData }
    }

    fn start(&self) -> *mut T {
        self.memory.as_mut_ptr().wrapping_add(self.at).cast()
    }

    pub(crate) fn values(&self) -> &[T] {
        // SAFETY: `new` held that the numbers are inside the mapping, which lives as long as
        // `memory`, and aligned, as mappings begin on a page. Mapped memory is zero until it
        // is written, which is a number of every `Element`. No other part has these bytes.
        unsafe { std::slice::from_raw_parts(self.start(), self.length) }
    }

    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `values`; the part is borrowed for writing.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.length) }
    }
}

impl<T> fmt::Debug for Part<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Part").field("length", &self.length).finish_non_exhaustive()
    }
}

/// Bytes for so many numbers, up to where the next part may begin.
fn bytes_of<T>(length: usize) -> usize {
    length
        .checked_mul(size_of::<T>())
        .and_then(|bytes| bytes.checked_next_multiple_of(ALIGNMENT))
        .unwrap_or_else(|| panic!("{length} numbers are more than memory has addresses"))
}

/// New memory from the system, zero.
fn map(bytes: usize) -> MmapRaw {
    let memory = memmap2::MmapOptions::new().len(bytes).map_anon();
    let memory = memory.unwrap_or_else(|error| panic!("no memory for {bytes} bytes: {error}"));
    // Without huge pages it is slower to begin with and nothing else.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    memory.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_zero_aligned_and_apart() {
        let pages = HugePages::default();
        let lengths = [0, 5, 16, BLOCK / 4 - 100, 90, 3 * BLOCK / 4, 7];
        let mut parts: Vec<Part<f32>> = lengths.iter().map(|length| pages.part(*length)).collect();
        parts.push(Part::alone(1000));
        parts.push(Part::alone(0));
        drop(pages);
        for (number, part) in parts.iter_mut().enumerate() {
            assert!(part.values().iter().all(|value| *value == 0.0), "part {number}");
            assert_eq!(part.values().as_ptr().align_offset(ALIGNMENT), 0, "part {number}");
            part.values_mut().fill(number as f32);
        }
        for (number, part) in parts.iter().enumerate() {
            assert!(part.values().iter().all(|value| *value == number as f32), "part {number}");
        }
    }
}
