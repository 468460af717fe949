//! Which buffers share memory.

use crate::kernels::inference::region::Buffer;

/// The phases in which a buffer is written or read, first and last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    first: usize,
    last: usize,
}

impl Life {
    /// Of a buffer that nobody uses.
    pub(super) const NONE: Self = Self { first: usize::MAX, last: 0 };

    /// Makes it cover these phases as well.
    pub(super) fn extend(&mut self, [first, last]: [usize; 2]) {
        self.first = self.first.min(first);
        self.last = self.last.max(last);
    }

    fn meets(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// Gives buffers their offsets so that those which live at the same time lie apart:
/// largest first, each at the lowest place that is free. Returns the values of an arena
/// for one image.
pub(super) fn plan(buffers: &mut [Buffer], lives: &[Life]) -> usize {
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|index| std::cmp::Reverse(buffers[*index].image_step()));
    let mut placed: Vec<usize> = Vec::new();
    let mut end = 0;
    for index in order {
        let size = buffers[index].image_step();
        let mut taken: Vec<_> = placed
            .iter()
            .filter(|other| lives[**other].meets(lives[index]))
            .map(|other| (buffers[*other].offset, buffers[*other].image_step()))
            .collect();
        taken.sort_unstable();
        let mut offset = 0;
        for (start, length) in taken {
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
    fn what_lives_together_lies_apart() {
        let buffer = |rows| Buffer { width: 16, blocks: 1, rows, columns: 1, offset: 0 };
        let lives =
            [[0, 1], [1, 2], [2, 3], [3, 4], [0, 4]].map(|[first, last]| Life { first, last });
        let mut buffers = [3, 5, 2, 4, 1].map(buffer);
        let length = plan(&mut buffers, &lives);
        for i in 0..buffers.len() {
            let end = |i: usize| buffers[i].offset + buffers[i].image_step();
            assert!(end(i) <= length);
            for j in 0..i {
                let apart = end(i) <= buffers[j].offset || end(j) <= buffers[i].offset;
                assert!(apart || !lives[i].meets(lives[j]), "{i} and {j} meet");
            }
        }
        assert!(length < 15 * 16, "nothing was shared: {length}");
    }
}
