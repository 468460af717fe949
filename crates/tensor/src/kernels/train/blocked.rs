//! The layout that training convolutions read: the channels of a pixel side by side.
//!
//! Channels are divided into blocks; each block holds a window of one or several
//! images, pixel by pixel: `[block][image][row][column][channel]`. Padding is part
//! of the window, so that tiles need no test for the edge of an image. Tiles that read
//! single values use one block as wide as there are channels, so that a row of the kernel
//! is contiguous; tiles that read vectors use blocks of one vector, which are dense in
//! cache. An incomplete last block is padded with zeros.

use std::ops::Range;

use crate::Element;
use crate::kernels::simd::LANES;
use crate::kernels::transpose::Transpose;

/// The memory layout of the same window of several images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocked {
    channels: usize,
    /// Channels of a block, and so values of a pixel.
    width: usize,
    images: usize,
    window: [usize; 2],
}

impl Blocked {
    /// One block as wide as there are channels.
    pub(crate) fn whole(channels: usize, images: usize, window: [usize; 2]) -> Self {
        Self { channels, width: channels, images, window }
    }

    /// Blocks of one vector.
    pub(crate) fn vectors(channels: usize, images: usize, window: [usize; 2]) -> Self {
        Self { channels, width: LANES, images, window }
    }

    /// Channels of a block.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Blocks for all channels.
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(self.width.max(1))
    }

    /// Distance between blocks, in values.
    pub(crate) fn block_step(&self) -> usize {
        self.images * self.window[0] * self.window[1] * self.width
    }

    /// Offset of a pixel within a block.
    #[inline]
    pub(crate) fn pixel(&self, image: usize, row: usize, column: usize) -> usize {
        let [h, w] = self.window;
        ((image * h + row) * w + column) * self.width
    }

    /// Values of the whole layout.
    pub(crate) fn length(&self) -> usize {
        self.blocks() * self.block_step()
    }

    /// Copies the same window of some images into the layout, at most as many as it has
    /// room for.
    ///
    /// The window begins at `origin`; outside the images it is zero.
    ///
    /// # Shapes
    /// `sources`: the images, C × H × W each in standard layout, `size` being H, W.
    pub(crate) fn fill<'a, T: Element>(
        &self,
        sources: impl Iterator<Item = &'a [T]>,
        size: [usize; 2],
        origin: [isize; 2],
        target: &mut [T],
    ) {
        let plane = size[0] * size[1];
        let length = self.window[0] * self.window[1] * self.width;
        for (image, source) in sources.enumerate() {
            for block in 0..self.blocks() {
                let start = block * self.block_step() + self.pixel(image, 0, 0);
                let channels = block * self.width..self.channels.min((block + 1) * self.width);
                let planes = &source[channels.start * plane..channels.end * plane];
                self.fill_block(
                    planes,
                    size,
                    origin,
                    channels.len(),
                    &mut target[start..][..length],
                );
            }
        }
    }

    /// Copies the window of one block of one image.
    fn fill_block<T: Element>(
        &self,
        planes: &[T],
        [h, w]: [usize; 2],
        [top, left]: [isize; 2],
        channels: usize,
        target: &mut [T],
    ) {
        let [window_h, window_w] = self.window;
        let width = self.width;
        let rows = overlap(top, window_h, h);
        let columns = overlap(left, window_w, w);
        if channels < width || rows.is_empty() || columns.is_empty() {
            target.fill(T::zero());
        }
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        if [h, w] == [1, 1] && self.window == [1, 1] {
            // A single pixel has the same order in both layouts.
            return target[..channels].copy_from_slice(planes);
        }
        let first_row = (top + rows.start as isize) as usize;
        let first_column = (left + columns.start as isize) as usize;
        let line = window_w * width;
        target[..rows.start * line].fill(T::zero());
        target[rows.end * line..].fill(T::zero());
        // Whole rows are contiguous in both layouts: one transpose copies them all.
        let whole = columns.len() == window_w && window_w == w;
        let (runs, run) = if whole { (1, rows.len() * w) } else { (rows.len(), columns.len()) };
        for index in 0..runs {
            let target = &mut target[(rows.start + index) * line..];
            if !whole {
                target[..columns.start * width].fill(T::zero());
                target[columns.end * width..line].fill(T::zero());
            }
            Transpose {
                source: &planes[(first_row + index) * w + first_column..],
                source_step: h * w,
                target: &mut target[columns.start * width..],
                target_step: width,
                rows: channels,
                columns: run,
            }
            .run();
        }
    }
}

/// The positions of a window of `length`, which begins at `origin`, that lie in `0..size`.
fn overlap(origin: isize, length: usize, size: usize) -> Range<usize> {
    let start = ((-origin).max(0) as usize).min(length);
    let end = ((size as isize - origin).max(0) as usize).min(length);
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every value of the layout, from its definition.
    fn expected(
        layout: &Blocked,
        sources: &[Vec<f32>],
        [h, w]: [usize; 2],
        origin: [isize; 2],
    ) -> Vec<f32> {
        let mut values = vec![0.0; layout.length()];
        for (image, source) in sources.iter().enumerate() {
            for channel in 0..layout.channels {
                for row in 0..layout.window[0] {
                    for column in 0..layout.window[1] {
                        let y = origin[0] + row as isize;
                        let x = origin[1] + column as isize;
                        if (0..h as isize).contains(&y) && (0..w as isize).contains(&x) {
                            let at = channel / layout.width * layout.block_step()
                                + layout.pixel(image, row, column)
                                + channel % layout.width;
                            values[at] = source[(channel * h + y as usize) * w + x as usize];
                        }
                    }
                }
            }
        }
        values
    }

    #[test]
    fn a_single_pixel() {
        let sources: Vec<Vec<f32>> = vec![(0..20).map(|at| at as f32 + 1.0).collect(); 3];
        for layout in [Blocked::whole(20, 3, [1, 1]), Blocked::vectors(20, 3, [1, 1])] {
            let mut actual = vec![f32::NAN; layout.length()];
            layout.fill(sources.iter().map(|source| &source[..]), [1, 1], [0, 0], &mut actual);
            assert_eq!(actual, expected(&layout, &sources, [1, 1], [0, 0]));
        }
    }

    #[test]
    fn windows_inside_across_the_edge_and_outside() {
        let size = [5, 7];
        for channels in [1, 3, 16, 20] {
            let sources: Vec<Vec<f32>> = (0..2)
                .map(|image| (0..channels * 35).map(|at| (at + image * 1000 + 1) as f32).collect())
                .collect();
            for (window, origin) in [
                ([5, 7], [0, 0]),
                ([3, 7], [1, 0]),
                ([2, 3], [2, 3]),
                ([9, 10], [-2, -1]),
                ([4, 4], [3, -3]),
                ([2, 2], [5, 0]),
                ([2, 2], [0, -2]),
            ] {
                for layout in
                    [Blocked::whole(channels, 2, window), Blocked::vectors(channels, 2, window)]
                {
                    let mut actual = vec![f32::NAN; layout.length()];
                    let slices = sources.iter().map(|source| &source[..]);
                    layout.fill(slices, size, origin, &mut actual);
                    let expected = expected(&layout, &sources, size, origin);
                    assert_eq!(actual, expected, "{channels} channels, {window:?} at {origin:?}");
                }
            }
        }
    }
}
