//! Conversions between the layouts of the caller's arrays and of the arena: packing of the
//! input, copies between regions, unpacking of results, and zero borders.
#![allow(unsafe_code)]

mod colors;

use std::ops::Range;

use super::region::{Region, split_range};
use super::step::{Access, PassContext, WorkItem};

/// The images of a pass in the caller's memory: N × C × H × W, any strides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputImages {
    pub(crate) first: *const f32,
    pub(crate) strides: [isize; 4],
}

// SAFETY: it represents a shared view of numbers, which all threads may read.
unsafe impl Send for InputImages {}
// SAFETY: as above.
unsafe impl Sync for InputImages {}

/// Writes zeros around a region, in some images and blocks: to everything in their planes
/// that is not part of the region.
///
/// # Safety
/// As [`Step::run`](super::step::Step::run); no other item writes these borders.
#[inline(always)]
pub(crate) unsafe fn zero_border(
    context: &PassContext<'_>,
    region: &Region,
    images: Range<usize>,
    blocks: Range<usize>,
) {
    let buffer = &region.buffer;
    if [region.height, region.width] == [buffer.rows, buffer.columns] {
        return;
    }
    let row = buffer.row_step();
    let below = region.top + region.height;
    let right = region.left + region.width;
    for image in images {
        for block in blocks.clone() {
            let corner = [region.top, region.left];
            let plane = region.at(context.images, [image, block, 0, 0], corner);
            // SAFETY: the plane is in the arena; these are its rows and columns around
            // the region.
            let clear = |from: usize, to: usize| unsafe {
                context.memory.at(plane + from).write_bytes(0, to - from);
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

/// Packing for a convolution of stride 2: the four phases of a pixel, that is its even and
/// odd rows and columns, become channels of one pixel of half the size, so that the stride
/// becomes 1. Row phase p, channel c and column phase q go to channel `2 (p C + c) + q`;
/// padding is part of the result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpaceToDepth {
    /// Rows and columns of zeros in front of the image.
    pub(crate) padding: [usize; 2],
}

/// Copies the input into a region.
#[derive(Debug)]
pub(crate) struct PackInput {
    pub(super) target: Region,
    /// C, H and W of an image.
    shape: [usize; 3],
    space_to_depth: Option<SpaceToDepth>,
}

impl PackInput {
    /// # Panics
    /// If the region is not in its buffer or does not have the channels of the images.
    pub(crate) fn new(
        target: Region,
        shape: [usize; 3],
        space_to_depth: Option<SpaceToDepth>,
    ) -> Self {
        let [c, h, w] = shape;
        match space_to_depth {
            None => assert_eq!([target.channels, target.height, target.width], shape),
            Some(_) => {
                assert_eq!(target.channels, 4 * c, "four phases of {c} channels, of {h} x {w}");
                assert_eq!(target.blocks(), 1, "four phases fill one block");
            }
        }
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        Self { target, shape, space_to_depth }
    }

    /// C, H and W of an image.
    pub(crate) fn shape(&self) -> [usize; 3] {
        self.shape
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        let rows = images * self.target.height;
        if threads > 1 { rows.min(4 * threads) } else { 1 }
    }

    /// Copies some rows of some images.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run); the images have the shape `shape`.
    #[inline(always)]
    pub(crate) unsafe fn run(&self, context: &PassContext<'_>, item: WorkItem) {
        let height = self.target.height;
        // SAFETY: the caller guarantees images and region.
        unsafe {
            if item.item == 0 {
                let blocks = 0..self.target.blocks();
                zero_border(context, &self.target, 0..context.images, blocks);
            }
            for row in split_range(context.images * height, item.items, item.item) {
                match self.space_to_depth {
                    None => self.row(context, row / height, row % height),
                    Some(options) => {
                        self.row_of_phases(context, row / height, row % height, options);
                    }
                }
            }
        }
    }

    /// Copies a row of an image.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn row(&self, context: &PassContext<'_>, image: usize, y: usize) {
        let [channels, _, width] = self.shape;
        let InputImages { first, strides: [n_step, c_step, h_step, w_step] } = *context.input;
        let pixel = self.target.buffer.width;
        let start = first.wrapping_offset(image as isize * n_step + y as isize * h_step);
        let plane = |c: usize| start.wrapping_offset(c as isize * c_step);
        let is_colors = [channels, pixel] == [3, 3] && w_step == 1;
        for c in 0..channels {
            let target = self.target.at(context.images, [image, c / pixel, y, 0], [0; 2]);
            // SAFETY: image and region have this row.
            unsafe {
                let (source, target) = (plane(c), context.memory.at(target + c % pixel));
                if is_colors {
                    return colors::interleave([0, 1, 2].map(plane), target, width);
                }
                for x in 0..width {
                    *target.add(x * pixel) = *source.offset(x as isize * w_step);
                }
            }
        }
    }

    /// Copies a row of pixels of four phases.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn row_of_phases(
        &self,
        context: &PassContext<'_>,
        image: usize,
        row: usize,
        options: SpaceToDepth,
    ) {
        let [channels, height, width] = self.shape;
        let [top, left] = options.padding;
        let InputImages { first, strides: [n_step, c_step, h_step, w_step] } = *context.input;
        let pixel = self.target.buffer.width;
        let target = self.target.at(context.images, [image, 0, row, 0], [0; 2]);
        for phase in 0..2 {
            let y = (2 * row + phase).wrapping_sub(top);
            for c in 0..channels {
                // SAFETY: the region has this row, and the image has row `y` if it is less
                // than the height.
                unsafe {
                    let target = context.memory.at(target + 2 * (phase * channels + c));
                    let plane = image as isize * n_step + c as isize * c_step;
                    let source = first.wrapping_offset(plane + y as isize * h_step);
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

/// Copies a region into some channels of another.
#[derive(Debug)]
pub(crate) struct CopyChannels {
    pub(super) source: Region,
    /// The region that contains the copy.
    pub(super) target: Region,
    /// First channel of the copy in the target.
    channel: usize,
    /// Row and column of the target where the copy begins; the rest of these channels is
    /// set to zero.
    corner: [usize; 2],
}

impl CopyChannels {
    /// # Panics
    /// If a region is not in its buffer or the copy is not in the target.
    pub(crate) fn new(source: Region, target: Region, channel: usize, corner: [usize; 2]) -> Self {
        assert!(source.fits([0; 2], [0; 2]) && target.fits([0; 2], [0; 2]));
        assert!(channel + source.channels <= target.channels);
        assert!(corner[0] + source.height <= target.height);
        assert!(corner[1] + source.width <= target.width);
        Self { source, target, channel, corner }
    }

    /// The channels of the target that are written: other copies may write other channels
    /// of the same block.
    pub(super) fn write_access(&self) -> Access {
        let first = self.target.block * self.target.buffer.width + self.channel;
        let channels = first..first + self.source.channels;
        Access { buffer: self.target.buffer, channels, writes: true }
    }

    /// Copies all channels of all images. Only unusual networks need this step, so it is
    /// not optimized.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run(&self, context: &PassContext<'_>) {
        let images = context.images;
        let [top, left] = self.corner;
        let offset = |region: &Region, [image, channel, y, x]: [usize; 4]| {
            let width = region.buffer.width;
            region.at(images, [image, channel / width, y, x], [0; 2]) + channel % width
        };
        // SAFETY: both regions have these channels and pixels; the copy is one item. Zeros
        // are written channel by channel, because blocks are shared with other steps.
        unsafe {
            for image in 0..images {
                for channel in 0..self.source.channels {
                    self.zero_channel(context, image, self.channel + channel);
                    for y in 0..self.source.height {
                        for x in 0..self.source.width {
                            let source = offset(&self.source, [image, channel, y, x]);
                            let target = [image, self.channel + channel, top + y, left + x];
                            let target = context.memory.at(offset(&self.target, target));
                            *target = *context.memory.at(source);
                        }
                    }
                }
            }
        }
    }

    /// Sets the whole plane of a channel, border included, to zero.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    unsafe fn zero_channel(&self, context: &PassContext<'_>, image: usize, channel: usize) {
        let buffer = &self.target.buffer;
        let corner = [self.target.top, self.target.left];
        let index = [image, channel / buffer.width, 0, 0];
        let plane = self.target.at(context.images, index, corner) + channel % buffer.width;
        for pixel in 0..buffer.rows * buffer.columns {
            // SAFETY: the plane is in the arena.
            unsafe { *context.memory.at(plane + pixel * buffer.width) = 0.0 };
        }
    }
}

/// Copies the values of an image from a region, in C × H × W order.
///
/// # Safety
/// As [`Step::run`](super::step::Step::run).
///
/// # Panics
/// If `target` has another length.
pub(crate) unsafe fn unpack_output(
    context: &PassContext<'_>,
    region: &Region,
    image: usize,
    target: &mut [f32],
) {
    let Region { channels, height, width, .. } = *region;
    assert_eq!(target.len(), channels * height * width, "a result of another size");
    let lanes = region.buffer.width;
    for (row, target) in target.chunks_exact_mut(width.max(1)).enumerate() {
        let (channel, y) = (row / height, row % height);
        let offset = region.at(context.images, [image, channel / lanes, y, 0], [0; 2]);
        let offset = offset + channel % lanes;
        for (x, value) in target.iter_mut().enumerate() {
            // SAFETY: the region has this channel and pixel, and no thread writes it now.
            *value = unsafe { *context.memory.at(offset + x * lanes) };
        }
    }
}
