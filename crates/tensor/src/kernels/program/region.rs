//! The places of a program's values in memory.

use std::ops::Range;

use crate::kernels::simd::LANES;

/// Memory for one or several values (arrays of a program) of each image: blocks of
/// channels, each a plane of pixels that includes a border of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Buffer {
    /// Numbers of a pixel in a block: [`LANES`], or the channels of the input.
    pub(crate) width: usize,
    pub(crate) blocks: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Its offset in an arena for one image; in an arena for n images, n times that.
    pub(crate) offset: usize,
}

impl Buffer {
    /// Distance between rows.
    pub(crate) fn row_step(&self) -> usize {
        self.columns * self.width
    }

    /// Distance between blocks.
    pub(crate) fn block_step(&self) -> usize {
        self.rows * self.row_step()
    }

    /// Distance between images, a whole number of cache lines.
    pub(crate) fn image_step(&self) -> usize {
        (self.blocks * self.block_step()).next_multiple_of(LANES)
    }
}

/// The part of a buffer that holds one value.
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
    /// Blocks for its channels.
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(self.buffer.width)
    }

    /// Rows of all blocks of so many images.
    pub(super) fn rows(&self, images: usize) -> usize {
        images * self.blocks() * self.height
    }

    /// Image, block and y of one of these rows.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> [usize; 3] {
        let (blocks, height) = (self.blocks(), self.height);
        [row / height / blocks, row / height % blocks, row % height]
    }

    /// Height and width.
    pub(crate) fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    pub(crate) fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// Offset in an arena for `images` of the first channel of a block of a pixel; row and
    /// column count from `padding` in front of the region's corner.
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

    /// Whether its buffer contains it with `before` rows and columns in front of it and
    /// `after` behind it.
    pub(crate) fn fits(&self, before: [usize; 2], after: [usize; 2]) -> bool {
        self.block + self.blocks() <= self.buffer.blocks
            && self.top >= before[0]
            && self.left >= before[1]
            && self.top + self.height + after[0] <= self.buffer.rows
            && self.left + self.width + after[1] <= self.buffer.columns
    }
}

/// Rows or columns that a kernel reads behind an axis of `size`, if it is applied `output`
/// times.
pub(crate) fn border_after(
    output: usize,
    stride: usize,
    kernel: usize,
    before: usize,
    size: usize,
) -> usize {
    ((output - 1) * stride + kernel).saturating_sub(before + size)
}

/// Part `index` of `0..total` divided into `parts` of nearly equal length.
#[inline(always)]
pub(crate) fn split_range(total: usize, parts: usize, index: usize) -> Range<usize> {
    total * index / parts..total * (index + 1) / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_range_once() {
        for total in 0..20 {
            for parts in 1..8 {
                let all: Vec<_> =
                    (0..parts).flat_map(|part| split_range(total, parts, part)).collect();
                assert_eq!(all, (0..total).collect::<Vec<_>>());
            }
        }
    }
}
