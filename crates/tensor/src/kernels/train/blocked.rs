//! The layout that training convolutions read: the channels of a pixel side by side.
//!
//! Channels are divided into blocks; each block holds a window of one or several
//! images, pixel by pixel: `[block][image][row][column][channel]`. Padding is part
//! of the window, so that tiles need no test for the edge of an image. Tiles that read
//! single values use one block as wide as there are channels, so that a row of the kernel
//! is contiguous; tiles that read vectors use blocks of one vector, which are dense in
//! cache. An incomplete last block is padded with zeros.
//!
//! With products of pairs, an element is a word of two bf16 numbers: those of two adjacent
//! channels, or of the same channel of two images.

use std::ops::Range;

use super::products::Products;
use crate::Element;
use crate::kernels::simd::{Bf16, LANES};
use crate::kernels::transpose::{PairTranspose, Transpose};

/// What an element of the layout holds.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Words {
    /// A number.
    Number,
    /// Numbers of two adjacent channels; the last is zero if their number is odd.
    Channels(Bf16),
    /// Numbers of two images.
    Images(Bf16),
}

impl Words {
    /// For sums over channels.
    pub(crate) fn channels(products: Products) -> Self {
        match products {
            Products::Numbers(_) => Self::Number,
            Products::Pairs(bf16) => Self::Channels(bf16),
        }
    }

    /// For sums over images.
    pub(crate) fn images(products: Products) -> Self {
        match products {
            Products::Numbers(_) => Self::Number,
            Products::Pairs(bf16) => Self::Images(bf16),
        }
    }

    /// Channels of an element.
    fn channels_a_word(self) -> usize {
        if matches!(self, Self::Channels(_)) { 2 } else { 1 }
    }
}

/// The memory layout of the same window of several images, or pairs of images.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blocked {
    channels: usize,
    /// Words of a block, and so of a pixel.
    width: usize,
    images: usize,
    window: [usize; 2],
    words: Words,
}

impl Blocked {
    /// One block as wide as there are channels.
    pub(crate) fn whole(channels: usize, images: usize, window: [usize; 2], words: Words) -> Self {
        let width = channels.div_ceil(words.channels_a_word());
        Self { channels, width, images, window, words }
    }

    /// Blocks of one vector.
    pub(crate) fn vectors(
        channels: usize,
        images: usize,
        window: [usize; 2],
        words: Words,
    ) -> Self {
        Self { channels, width: LANES, images, window, words }
    }

    /// Words of a block.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Blocks for all channels.
    pub(crate) fn blocks(&self) -> usize {
        self.channels.div_ceil(self.block_channels().max(1))
    }

    /// Channels of a block.
    fn block_channels(&self) -> usize {
        self.width * self.words.channels_a_word()
    }

    /// Distance between blocks, in words.
    pub(crate) fn block_step(&self) -> usize {
        self.images * self.window[0] * self.window[1] * self.width
    }

    /// Offset of a pixel within a block.
    #[inline]
    pub(crate) fn pixel(&self, image: usize, row: usize, column: usize) -> usize {
        let [h, w] = self.window;
        ((image * h + row) * w + column) * self.width
    }

    /// Words of the whole layout.
    pub(crate) fn length(&self) -> usize {
        self.blocks() * self.block_step()
    }

    /// Copies the same window of some images into the layout, at most as many as it has
    /// room for.
    ///
    /// The window begins at `origin`; outside the images it is zero.
    ///
    /// # Shapes
    /// `sources`: the images, C × H × W each in standard layout, `size` being H, W; in pairs
    /// if a word holds numbers of two images, and with an empty second one otherwise.
    pub(crate) fn fill<'a, T: Element>(
        &self,
        sources: impl Iterator<Item = [&'a [T]; 2]>,
        size: [usize; 2],
        origin: [isize; 2],
        target: &mut [T],
    ) {
        let plane = size[0] * size[1];
        let length = self.window[0] * self.window[1] * self.width;
        for (image, source) in sources.enumerate() {
            for block in 0..self.blocks() {
                let start = block * self.block_step() + self.pixel(image, 0, 0);
                let first = block * self.block_channels();
                let channels = first..self.channels.min(first + self.block_channels());
                let values = channels.start * plane..channels.end * plane;
                let planes = source.map(|source| source.get(values.clone()).unwrap_or_default());
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
        planes: [&[T]; 2],
        [h, w]: [usize; 2],
        [top, left]: [isize; 2],
        channels: usize,
        target: &mut [T],
    ) {
        let [window_h, window_w] = self.window;
        let width = self.width;
        let rows = overlap(top, window_h, h);
        let columns = overlap(left, window_w, w);
        if channels.div_ceil(self.words.channels_a_word()) < width
            || rows.is_empty()
            || columns.is_empty()
        {
            target.fill(T::zero());
        }
        if rows.is_empty() || columns.is_empty() {
            return;
        }
        let is_pixel = [h, w] == [1, 1] && self.window == [1, 1];
        if is_pixel && matches!(self.words, Words::Number) {
            // A single pixel has the same order in both layouts.
            return target[..channels].copy_from_slice(planes[0]);
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
            let target = &mut target[columns.start * width..];
            let from = (first_row + index) * w + first_column;
            self.transpose(planes, h * w, from, channels, run, target);
        }
    }

    /// Copies a run of pixels, which begins at `from` in each plane.
    fn transpose<T: Element>(
        &self,
        [planes, others]: [&[T]; 2],
        plane: usize,
        from: usize,
        channels: usize,
        pixels: usize,
        target: &mut [T],
    ) {
        let (bf16, second, source_step, rows, seconds) = match self.words {
            Words::Number => {
                return Transpose {
                    source: &planes[from..],
                    source_step: plane,
                    target,
                    target_step: self.width,
                    rows: channels,
                    columns: pixels,
                }
                .run();
            }
            Words::Channels(bf16) => {
                let second = planes.get(plane + from..).unwrap_or_default();
                (bf16, second, 2 * plane, channels.div_ceil(2), channels / 2)
            }
            Words::Images(bf16) => {
                let second = others.get(from..).unwrap_or_default();
                (bf16, second, plane, channels, if others.is_empty() { 0 } else { channels })
            }
        };
        let matrix = PairTranspose {
            sources: [&planes[from..], second],
            source_step,
            target,
            target_step: self.width,
            rows,
            seconds,
            columns: pixels,
        };
        matrix.run(bf16);
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
        for layout in [
            Blocked::whole(20, 3, [1, 1], Words::Number),
            Blocked::vectors(20, 3, [1, 1], Words::Number),
        ] {
            let mut actual = vec![f32::NAN; layout.length()];
            layout.fill(
                sources.iter().map(|source| [&source[..], &[]]),
                [1, 1],
                [0, 0],
                &mut actual,
            );
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
                for layout in [Blocked::whole, Blocked::vectors]
                    .map(|of| of(channels, 2, window, Words::Number))
                {
                    let mut actual = vec![f32::NAN; layout.length()];
                    let slices = sources.iter().map(|source| [&source[..], &[]]);
                    layout.fill(slices, size, origin, &mut actual);
                    let expected = expected(&layout, &sources, size, origin);
                    assert_eq!(actual, expected, "{channels} channels, {window:?} at {origin:?}");
                }
            }
        }
    }
}
