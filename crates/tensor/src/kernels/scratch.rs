//! Per-thread scratch memory, kept between tasks.
//!
//! A convolution needs about half a megabyte for the images and sums of a task. Allocating
//! it each time causes page faults; a buffer that the thread keeps costs nothing and stays
//! in its cache.

use std::cell::RefCell;
use std::fmt;

/// Lengths are rounded up to a multiple of this: a cache line of `f32`, two of `f64`.
const ALIGNMENT: usize = 16;

/// Most buffers that a thread keeps: one for each level of nesting.
const MOST_KEPT: usize = 4;

/// Types of scratch memory: `f32`, `f64`, and `u32` for indices.
pub trait ScratchElement: Copy + Default + 'static {
    /// Removes the most recently used buffer from this thread's list, or makes a new one.
    fn take_scratch() -> Vec<Self>;

    /// Puts a buffer into this thread's list.
    fn keep_scratch(buffer: Vec<Self>);
}

/// Runs `work` on scratch slices of these lengths, each beginning on a cache line,
/// with **unspecified values**. Calls may be nested: each level has its own buffer.
pub(crate) fn with_scratch<T: ScratchElement, R, const PARTS: usize>(
    lengths: [usize; PARTS],
    work: impl FnOnce([&mut [T]; PARTS]) -> R,
) -> R {
    let total = lengths.iter().map(|length| length.next_multiple_of(ALIGNMENT)).sum();
    let mut scratch = Scratch::new(total);
    let mut rest = scratch.values_mut();
    let parts = lengths.map(|length| {
        let (part, tail) =
            std::mem::take(&mut rest).split_at_mut(length.next_multiple_of(ALIGNMENT));
        rest = tail;
        &mut part[..length]
    });
    work(parts)
}

/// A scratch buffer; dropping it returns it to the thread.
pub(crate) struct Scratch<T: ScratchElement> {
    buffer: Vec<T>,
    /// Elements in front of the first aligned one.
    offset: usize,
    length: usize,
}

impl<T: ScratchElement> Scratch<T> {
    /// `length` unspecified values, the first on a cache line.
    pub(crate) fn new(length: usize) -> Self {
        let mut buffer = T::take_scratch();
        if buffer.len() < length + ALIGNMENT {
            buffer.resize(length + ALIGNMENT, T::default());
        }
        // `align_offset` may fail, which costs speed only.
        let offset = buffer.as_ptr().align_offset(64).min(ALIGNMENT);
        Self { buffer, offset, length }
    }

    pub(crate) fn values(&self) -> &[T] {
        &self.buffer[self.offset..][..self.length]
    }

    pub(crate) fn values_mut(&mut self) -> &mut [T] {
        &mut self.buffer[self.offset..][..self.length]
    }
}

impl<T: ScratchElement> fmt::Debug for Scratch<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Scratch").field("length", &self.length).finish_non_exhaustive()
    }
}

impl<T: ScratchElement> Drop for Scratch<T> {
    fn drop(&mut self) {
        T::keep_scratch(std::mem::take(&mut self.buffer));
    }
}

macro_rules! implement {
    ($element:ty, $name:ident) => {
        thread_local! {
            static $name: RefCell<Vec<Vec<$element>>> = const { RefCell::new(Vec::new()) };
        }

        impl ScratchElement for $element {
            fn take_scratch() -> Vec<Self> {
                $name.with_borrow_mut(Vec::pop).unwrap_or_default()
            }

            fn keep_scratch(buffer: Vec<Self>) {
                $name.with_borrow_mut(|buffers| {
                    if buffers.len() < MOST_KEPT {
                        buffers.push(buffer);
                    }
                });
            }
        }
    };
}

implement!(f32, SCRATCH_F32);
implement!(f64, SCRATCH_F64);
implement!(u32, SCRATCH_U32);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_aligned_disjoint_and_reused() {
        let mut place = std::ptr::null();
        for round in 0..3 {
            with_scratch([5, 0, 33], |[first, none, second]: [&mut [f32]; 3]| {
                assert_eq!((first.len(), none.len(), second.len()), (5, 0, 33));
                for part in [&first, &second] {
                    assert_eq!(part.as_ptr().align_offset(64), 0);
                }
                first.fill(1.0);
                second.fill(2.0);
                with_scratch([7], |[inner]| inner.fill(3.0_f32));
                assert!(first.iter().all(|value| *value == 1.0));
                assert!(second.iter().all(|value| *value == 2.0));
                assert!(round == 0 || place == first.as_ptr(), "the buffer is another");
                place = first.as_ptr();
            });
        }
    }
}
