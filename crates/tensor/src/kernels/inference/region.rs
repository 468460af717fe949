//! Where the values of a program lie.

use std::ops::Range;

use crate::kernels::tile::LANES;

/// Memory for one or several values of each image: blocks of channels, each a plane
/// of pixels that includes a border of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// Values of a pixel: [`LANES`], or the channels of the input.
    pub(crate) width: usize,
    pub(crate) blocks: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Where it begins in an arena for one image; an arena for n has it at n times that.
    pub(crate) offset: usize,
}

impl Buffer {
    /// Values from one row to the next.
    pub(crate) fn row_step(&self) -> usize {
        self.columns * self.width
    }

    /// Values from one block to the next.
    pub(crate) fn block_step(&self) -> usize {
        self.rows * self.row_step()
    }

    /// Values of an image, whole cache lines.
    pub(crate) fn image_step(&self) -> usize {
        (self.blocks * self.block_step()).next_multiple_of(LANES)
    }
}

/// The part of a buffer that one value fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Region {
    pub(crate) buffer: Buffer,
    /// First block.
    pub(crate) block: usize,
    /// Row and column of its first pixel.
    pub(crate) top: usize,
    pub(crate) left: usize,
    pub(crate) channels: usize,
    pub(crate) height: usize,
    pub(crate) width: usize,
}

impl Region {
    /// Blocks that its channels fill.
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(self.buffer.width)
    }

    /// Height and width.
    pub(crate) fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    pub(crate) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Index of a value in an arena for `images`: of the first channel of a block, at a
    /// row and a column that count from the region's corner, less `padding`.
    #[inline(always)]
    pub(crate) fn at(
        &self,
        images: usize,
        [image, block, row, column]: [usize; 4],
        padding: [usize; 2],
    ) -> usize {
        let Buffer { offset, width, .. } = self.buffer;
        offset * images
            + image * self.buffer.image_step()
            + (self.block + block) * self.buffer.block_step()
            + (self.top + row - padding[0]) * self.buffer.row_step()
            + (self.left + column - padding[1]) * width
    }

    /// Whether it lies in its buffer with `before` rows and columns in front of it and
    /// `after` behind it.
    pub(crate) fn fits(&self, before: [usize; 2], after: [usize; 2]) -> bool {
        self.block + self.blocks() <= self.buffer.blocks
            && self.top >= before[0]
            && self.left >= before[1]
            && self.top + self.height + after[0] <= self.buffer.rows
            && self.left + self.width + after[1] <= self.buffer.columns
    }
}

/// Rows or columns behind an axis of `size` that a kernel sees which moves over it
/// `output` times.
pub(crate) fn reach(
    output: usize,
    stride: usize,
    kernel: usize,
    before: usize,
    size: usize,
) -> usize {
    ((output - 1) * stride + kernel).saturating_sub(before + size)
}

/// Part `index` of `parts` nearly equal ones of `0..total`.
#[inline(always)]
pub(crate) fn share(total: usize, parts: usize, index: usize) -> Range<usize> {
    total * index / parts..total * (index + 1) / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_cover_the_whole_once() {
        for total in 0..20 {
            for parts in 1..8 {
                let all: Vec<_> = (0..parts).flat_map(|part| share(total, parts, part)).collect();
                assert_eq!(all, (0..total).collect::<Vec<_>>());
            }
        }
    }
}
