//! Into the arena, within it and out of it: pictures, copies, results, and the zeros
//! round values.
#![allow(unsafe_code)]

use std::ops::Range;

use super::region::{Region, share};
use super::step::{Place, Touch, Work};

/// The pictures of a pass, as they lie with the caller: N × C × H × W, any strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pictures {
    pub(crate) first: *const f32,
    pub(crate) strides: [isize; 4],
}

// SAFETY: it stands for a shared view of numbers, which threads may read.
unsafe impl Send for Pictures {}
// SAFETY: as above.
unsafe impl Sync for Pictures {}

/// Writes zeros round a region, in some of its blocks: everything of their planes that
/// is not the region.
///
/// # Safety
/// As [`Step::run`](super::step::Step::run); nobody else writes these blocks' frames.
#[inline(always)]
pub(crate) unsafe fn clear_frame(work: &Work<'_>, region: &Region, blocks: Range<usize>) {
    let buffer = &region.buffer;
    if [region.height, region.width] == [buffer.rows, buffer.columns] {
        return;
    }
    let images = match work.only {
        Some(image) => image..image + 1,
        None => 0..work.images,
    };
    let row = buffer.row_step();
    let below = region.top + region.height;
    let right = region.left + region.width;
    for image in images {
        for block in blocks.clone() {
            let corner = [region.top, region.left];
            let plane = region.at(work.images, [image, block, 0, 0], corner);
            // SAFETY: the plane is in the arena; these are its rows and columns round
            // the region.
            let clear = |from: usize, to: usize| unsafe {
                work.memory.at(plane + from).write_bytes(0, to - from);
            };
            clear(0, region.top * row);
            clear(below * row, buffer.rows * row);
            if region.width < buffer.columns {
                for y in region.top..below {
                    clear(y * row, y * row + region.left * buffer.width);
                    clear(y * row + right * buffer.width, (y + 1) * row);
                }
            }
        }
    }
}

/// How pictures are laid out for a convolution of stride 2: the four phases of a pixel,
/// even and odd rows and columns, become channels of one pixel of half the size, so that
/// the stride becomes 1. Channel `2 (phase_row · C + c) + phase_column`; padding is part
/// of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Folding {
    /// Rows and columns of zeros in front of the picture.
    pub(crate) padding: [usize; 2],
}

/// Brings pictures into a region.
#[derive(Debug)]
pub(crate) struct Import {
    pub(super) target: Region,
    /// C, H and W of a picture.
    shape: [usize; 3],
    folding: Option<Folding>,
}

impl Import {
    /// # Panics
    /// If the region is not in its buffer or its channels are not those of the pictures.
    pub(crate) fn new(target: Region, shape: [usize; 3], folding: Option<Folding>) -> Self {
        let [c, h, w] = shape;
        match folding {
            None => assert_eq!([target.channels, target.height, target.width], shape),
            Some(_) => {
                assert_eq!(target.channels, 4 * c, "four phases of {c} channels, of {h} x {w}");
                assert_eq!(target.blocks(), 1, "folded pictures are one block");
            }
        }
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        Self { target, shape, folding }
    }

    /// C, H and W of a picture.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        let rows = images * self.target.height;
        if threads > 1 { rows.min(4 * threads) } else { 1 }
    }

    /// Brings some rows of some pictures.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run); the pictures are of `shape`.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, work: &Work<'_>, place: Place) {
        let height = self.target.height;
        // SAFETY: the caller vouches for pictures and region.
        unsafe {
            if place.item == 0 {
                clear_frame(work, &self.target, 0..self.target.blocks());
            }
            for row in share(work.images * height, place.items, place.item) {
                match self.folding {
                    None => self.row(work, row / height, row % height),
                    Some(folding) => self.folded_row(work, row / height, row % height, folding),
                }
            }
        }
    }

    /// A row of a picture as it is.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn row(&self, work: &Work<'_>, image: usize, y: usize) {
        let [channels, _, width] = self.shape;
        let Pictures { first, strides: [n_step, c_step, h_step, w_step] } = *work.pictures;
        let pixel = self.target.buffer.width;
        for c in 0..channels {
            let target = self.target.at(work.images, [image, c / pixel, y, 0], [0; 2]);
            // SAFETY: the row exists in picture and region.
            unsafe {
                let row = image as isize * n_step + c as isize * c_step + y as isize * h_step;
                let source = first.offset(row);
                let target = work.memory.at(target + c % pixel);
                for x in 0..width {
                    *target.add(x * pixel) = *source.offset(x as isize * w_step);
                }
            }
        }
    }

    /// A row of pixels of four phases.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn folded_row(&self, work: &Work<'_>, image: usize, row: usize, folding: Folding) {
        let [channels, height, width] = self.shape;
        let [top, left] = folding.padding;
        let Pictures { first, strides: [n_step, c_step, h_step, w_step] } = *work.pictures;
        let pixel = self.target.buffer.width;
        let target = self.target.at(work.images, [image, 0, row, 0], [0; 2]);
        for phase in 0..2 {
            let y = (2 * row + phase).wrapping_sub(top);
            for c in 0..channels {
                // SAFETY: the row exists in the region, and in the picture if `y` is less
                // than its height.
                unsafe {
                    let target = work.memory.at(target + 2 * (phase * channels + c));
                    let picture = image as isize * n_step + c as isize * c_step;
                    let source = first.wrapping_offset(picture + y as isize * h_step);
                    for column in 0..self.target.width {
                        let pair = target.add(column * pixel);
                        let x = (2 * column).wrapping_sub(left);
                        if y < height && x < width - 1 && w_step == 1 {
                            let source = source.add(x).cast::<[f32; 2]>();
                            pair.cast::<[f32; 2]>().write(source.read());
                            continue;
                        }
                        for side in 0..2 {
                            let x = x.wrapping_add(side);
                            *pair.add(side) = if y < height && x < width {
                                *source.offset(x as isize * w_step)
                            } else {
                                0.0
                            };
                        }
                    }
                }
            }
        }
    }
}

/// Copies a region into another, perhaps some channels on.
#[derive(Debug)]
pub(crate) struct Copy {
    pub(super) source: Region,
    /// The whole that the copy becomes part of.
    pub(super) target: Region,
    /// First channel of the target.
    channel: usize,
    /// Row and column of the target where the copy begins; it is cleared around.
    corner: [usize; 2],
}

impl Copy {
    /// # Panics
    /// If a region is not in its buffer or the copy not in the target.
    pub(crate) fn new(source: Region, target: Region, channel: usize, corner: [usize; 2]) -> Self {
        assert!(source.fits([0; 2], [0; 2]) && target.fits([0; 2], [0; 2]));
        assert!(channel + source.channels <= target.channels);
        assert!(corner[0] + source.height <= target.height);
        assert!(corner[1] + source.width <= target.width);
        Self { source, target, channel, corner }
    }

    /// The channels of the target that are written: other copies may write others of
    /// the same block.
    pub(super) fn touch(&self) -> Touch {
        let first = self.target.block * self.target.buffer.width + self.channel;
        let channels = first..first + self.source.channels;
        Touch { buffer: self.target.buffer, channels, writes: true }
    }

    /// Copies everything: this is for networks that branch in unusual ways.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run(&self, work: &Work<'_>) {
        let images = work.images;
        let [top, left] = self.corner;
        let place = |region: &Region, [image, channel, y, x]: [usize; 4]| {
            let width = region.buffer.width;
            region.at(images, [image, channel / width, y, x], [0; 2]) + channel % width
        };
        // SAFETY: both regions have these channels and pixels; the copy is one item. The
        // frame is cleared channel by channel, for the blocks are shared.
        unsafe {
            for image in 0..images {
                for channel in 0..self.source.channels {
                    self.clear_channel(work, image, self.channel + channel);
                    for y in 0..self.source.height {
                        for x in 0..self.source.width {
                            let source = place(&self.source, [image, channel, y, x]);
                            let at = [image, self.channel + channel, top + y, left + x];
                            *work.memory.at(place(&self.target, at)) = *work.memory.at(source);
                        }
                    }
                }
            }
        }
    }

    /// Zeros of a channel's whole plane, border included.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn clear_channel(&self, work: &Work<'_>, image: usize, channel: usize) {
        let buffer = &self.target.buffer;
        let corner = [self.target.top, self.target.left];
        let at = [image, channel / buffer.width, 0, 0];
        let plane = self.target.at(work.images, at, corner) + channel % buffer.width;
        for pixel in 0..buffer.rows * buffer.columns {
            // SAFETY: the plane is in the arena.
            unsafe { *work.memory.at(plane + pixel * buffer.width) = 0.0 };
        }
    }
}

/// Takes the values of an image out of a region, in C × H × W order.
///
/// # Safety
/// As [`Step::run`](super::step::Step::run).
///
/// # Panics
/// If `target` is of another length.
pub(crate) unsafe fn export(work: &Work<'_>, region: &Region, image: usize, target: &mut [f32]) {
    let Region { channels, height, width, .. } = *region;
    assert_eq!(target.len(), channels * height * width, "a result of another size");
    let values = region.buffer.width;
    for (at, value) in target.iter_mut().enumerate() {
        let (channel, pixel) = (at / (height * width), at % (height * width));
        let place = [image, channel / values, pixel / width, pixel % width];
        // SAFETY: the region has this channel and pixel, and nobody writes it now.
        *value =
            unsafe { *work.memory.at(region.at(work.images, place, [0; 2]) + channel % values) };
    }
}
