//! Assigns memory to buffers: those that are never in use at the same time share it.

use crate::kernels::program::region::Buffer;

/// The first and the last phase in which a buffer is in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LiveRange {
    first: usize,
    last: usize,
}

impl LiveRange {
    /// The range of an unused buffer.
    pub(super) const EMPTY: Self = Self { first: usize::MAX, last: 0 };

    /// Includes these phases in the range.
    pub(super) fn extend(&mut self, [first, last]: [usize; 2]) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Sets the offsets of buffers so that those with overlapping live ranges are disjoint:
/// largest first, each at the lowest free offset. Returns the size of an arena for one
/// image.
pub(super) fn assign_offsets(buffers: &mut [Buffer], ranges: &[LiveRange]) -> usize {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(buffers[*index].image_step()));
    let mut placed: Vec<usize> = Vec::new();
    let mut end = 0;
    for index in order {
        let size = buffers[index].image_step();
        let mut occupied: Vec<_> = placed
            .iter()
            .filter(|other| ranges[**other].overlaps(ranges[index]))
            .map(|other| (buffers[*other].offset, buffers[*other].image_step()))
            .collect();
        occupied.sort_unstable();
        let mut offset = 0;
        for (start, length) in occupied {
            if offset + size <= start {
                break;
            }
            offset = offset.max(start + length);
        }
        buffers[index].offset = offset;
        end = end.max(offset + size);
        placed.push(index);
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_in_use_at_the_same_time_are_disjoint() {
        let buffer = |rows| Buffer { width: 16, blocks: 1, rows, columns: 1, offset: 0 };
        let ranges =
            [[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]].map(|[first, last]| LiveRange { first, last });
        let mut buffers = [3, 5, 2, 4, 1].map(buffer);
        let length = assign_offsets(&mut buffers, &ranges);
        for i in 0..buffers.len() {
            let end = |i: usize| buffers[i].offset + buffers[i].image_step();
            assert!(end(i) <= length);
            for j in 0..i {
                let disjoint = end(i) <= buffers[j].offset || end(j) <= buffers[i].offset;
                assert!(disjoint || !ranges[i].overlaps(ranges[j]), "{i} and {j} overlap");
            }
        }
        assert!(length < 15 * 16, "nothing was shared: {length}");
    }
}
