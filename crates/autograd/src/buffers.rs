//! Memory of earlier steps, used again.
//!
//! A step of training takes and frees hundreds of megabytes in the same sizes as the
//! step before. Fresh memory has to be zeroed and mapped page by page, which costs as
//! much time as many an operator; memory that was in use a moment ago costs nothing.
//!
//! Buffers are kept by length. One that was [given](Buffers::give) back is free at once.
//! One that was [lent](Buffers::lend) to variables is held here by one more reference,
//! and free when that is the only one left, which is looked up when a buffer of its
//! length is asked for: nobody has to say when a value is no longer needed.

use std::collections::HashMap;

use ndarray::{ArcArray, Array, Dimension, IxDyn};
use tensor::Element;

/// Buffers of one tape.
#[derive(Debug)]
pub(crate) struct Buffers<T> {
    shelves: HashMap<usize, Shelf<T>>,
    /// Counts [`tidy`](Self::tidy), to know which buffers are idle.
    round: u64,
}

/// Buffers of one length.
#[derive(Debug)]
struct Shelf<T> {
    /// With the round in which they became free; the last used are at the end.
    free: Vec<(u64, Vec<T>)>,
    lent: Vec<ArcArray<T, IxDyn>>,
}

impl<T: Element> Buffers<T> {
    pub(crate) fn new() -> Self {
        Self { shelves: HashMap::new(), round: 0 }
    }

    /// An array with **unspecified values**, in standard layout.
    pub(crate) fn take<D: Dimension>(&mut self, shape: D) -> Array<T, D> {
        let length = shape.size();
        let free = self.shelves.get_mut(&length).and_then(|shelf| {
            if shelf.free.is_empty() {
                shelf.collect(self.round);
            }
            shelf.free.pop()
        });
        let mut values = free.map_or_else(|| vec![T::zero(); length], |(_, values)| values);
        if cfg!(debug_assertions) {
            // Whoever reads before writing shall be found.
            values.fill(T::nan());
        }
        let Ok(array) = Array::from_shape_vec(shape, values) else {
            unreachable!("the buffer was chosen by the shape's size")
        };
        array
    }

    /// Takes back an array that nobody shares.
    pub(crate) fn give<D: Dimension>(&mut self, array: Array<T, D>) {
        let (values, _) = array.into_raw_vec_and_offset();
        let round = self.round;
        self.shelf(values.len()).free.push((round, values));
    }

    /// Remembers a shared array, to use its memory when no one else holds it.
    pub(crate) fn lend<D: Dimension>(&mut self, array: &ArcArray<T, D>) {
        self.shelf(array.len()).lent.push(array.clone().into_dyn());
    }

    /// Drops buffers that nobody has taken since the last call: shapes change.
    pub(crate) fn tidy(&mut self) {
        let round = self.round;
        self.shelves.retain(|_, shelf| {
            shelf.collect(round);
            shelf.free.retain(|(freed, _)| *freed >= round);
            !(shelf.free.is_empty() && shelf.lent.is_empty())
        });
        self.round += 1;
    }

    /// Values in all buffers that are free.
    #[cfg(test)]
    fn idle(&self) -> usize {
        self.shelves.iter().map(|(length, shelf)| length * shelf.free.len()).sum()
    }

    fn shelf(&mut self, length: usize) -> &mut Shelf<T> {
        self.shelves.entry(length).or_insert(Shelf { free: Vec::new(), lent: Vec::new() })
    }
}

impl<T: Element> Shelf<T> {
    /// Makes free what no one else holds any more.
    fn collect(&mut self, round: u64) {
        for array in std::mem::take(&mut self.lent) {
            match array.try_into_owned_nocopy() {
                Ok(array) => self.free.push((round, array.into_raw_vec_and_offset().0)),
                Err(array) => self.lent.push(array),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Ix1, Ix2};

    use super::*;

    #[test]
    fn a_buffer_that_was_given_back_is_taken_again_in_any_shape() {
        let mut buffers = Buffers::<f32>::new();
        let first = buffers.take(Ix2(3, 4));
        let place = first.as_ptr();
        buffers.give(first);
        assert_ne!(buffers.take(Ix1(11)).as_ptr(), place);
        assert_eq!(buffers.take(Ix1(12)).as_ptr(), place);
    }

    #[test]
    fn a_buffer_that_was_lent_is_taken_only_when_no_one_holds_it() {
        let mut buffers = Buffers::<f32>::new();
        let value = buffers.take(Ix1(12)).into_shared();
        let place = value.as_ptr();
        buffers.lend(&value);
        let view = value.clone().into_dyn();
        drop(value);
        assert_ne!(buffers.take(Ix1(12)).as_ptr(), place);
        drop(view);
        assert_eq!(buffers.take(Ix1(12)).as_ptr(), place);
    }

    #[test]
    fn what_two_rounds_do_not_use_is_dropped() {
        let mut buffers = Buffers::<f32>::new();
        let [small, large] = [12, 100].map(|length| buffers.take(Ix1(length)));
        buffers.give(small);
        buffers.give(large);
        buffers.tidy();
        assert_eq!(buffers.idle(), 112);
        let small = buffers.take(Ix1(12));
        buffers.give(small);
        buffers.tidy();
        assert_eq!(buffers.idle(), 12);
        buffers.tidy();
        assert_eq!(buffers.idle(), 0);
    }
}
