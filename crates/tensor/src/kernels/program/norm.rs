//! Normalizations of regions: across adjacent channels, and to unit length.
#![allow(unsafe_code)]

use super::layout::zero_border;
use super::region::{Region, split_range};
use super::step::{PassContext, WorkItem};
use crate::ops::LocalResponseNormOptions;

/// Local response normalization of one region into another, see
/// [`local_response_norm`](crate::ops::local_response_norm()).
#[derive(Debug)]
pub(crate) struct LocalResponseNorm {
    pub(super) source: Region,
    pub(super) target: Region,
    options: LocalResponseNormOptions,
}

impl LocalResponseNorm {
    /// # Panics
    /// If the regions differ in size or are outside their buffers.
    pub(crate) fn new([source, target]: [Region; 2], options: LocalResponseNormOptions) -> Self {
        assert_same(&source, &target);
        Self { source, target, options }
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 { (images * self.target.height).min(4 * threads) } else { 1 }
    }

    /// Scratch values that an item needs.
    pub(crate) fn scratch(&self) -> usize {
        self.source.channels
    }

    /// Computes some rows of some images.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run(&self, context: &PassContext<'_>, item: WorkItem) {
        let Region { height, width, .. } = self.target;
        // SAFETY: both regions have these rows, and scratch has a value for each channel.
        unsafe {
            if item.item == 0 {
                let blocks = 0..self.target.blocks();
                zero_border(context, &self.target, 0..context.images, blocks);
            }
            for row in split_range(context.images * height, item.items, item.item) {
                for x in 0..width {
                    self.pixel(context, [row / height, row % height, x]);
                }
            }
        }
    }

    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn pixel(&self, context: &PassContext<'_>, [image, y, x]: [usize; 3]) {
        let channels = self.source.channels;
        let at = |region: &Region, channel: usize| {
            let width = region.buffer.width;
            region.at(context.images, [image, channel / width, y, x], [0; 2]) + channel % width
        };
        let LocalResponseNormOptions { size, alpha, beta, k } = self.options;
        let (scale, k) = ((alpha / size as f64) as f32, k as f32);
        // SAFETY: the pixel has these channels; scratch has a value for each.
        unsafe {
            let squares =
                std::slice::from_raw_parts_mut(context.memory.at(context.scratch), channels);
            for (channel, square) in squares.iter_mut().enumerate() {
                let value = *context.memory.at(at(&self.source, channel));
                *square = value * value;
            }
            for channel in 0..channels {
                let window = self.options.window(channel, channels);
                let base = k + scale * squares[window].iter().sum::<f32>();
                let factor = if beta == 0.75 {
                    let root = base.sqrt();
                    1.0 / (root * root.sqrt())
                } else {
                    base.powf(-beta as f32)
                };
                let value = *context.memory.at(at(&self.source, channel));
                *context.memory.at(at(&self.target, channel)) = value * factor;
            }
        }
    }
}

/// Divides the values of each image by their Euclidean length.
#[derive(Debug)]
pub(crate) struct L2Normalize {
    pub(super) source: Region,
    pub(super) target: Region,
    /// Lower bound of the squared length.
    epsilon: f64,
}

impl L2Normalize {
    /// # Panics
    /// If the regions differ in size, are outside their buffers or have several pixels.
    pub(crate) fn new([source, target]: [Region; 2], epsilon: f64) -> Self {
        assert_same(&source, &target);
        assert_eq!(source.pixels(), 1, "only vectors are normalized to unit length");
        Self { source, target, epsilon }
    }

    /// Computes all images.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run(&self, context: &PassContext<'_>) {
        let at = |region: &Region, image: usize, channel: usize| {
            let width = region.buffer.width;
            region.at(context.images, [image, channel / width, 0, 0], [0; 2]) + channel % width
        };
        for image in 0..context.images {
            let channels = 0..self.source.channels;
            // SAFETY: both regions have these channels.
            unsafe {
                let blocks = 0..self.target.blocks();
                zero_border(context, &self.target, image..image + 1, blocks);
                let squares = channels.clone().map(|channel| {
                    let value = f64::from(*context.memory.at(at(&self.source, image, channel)));
                    value * value
                });
                let length = squares.sum::<f64>().max(self.epsilon).sqrt();
                for channel in channels {
                    let value = f64::from(*context.memory.at(at(&self.source, image, channel)));
                    *context.memory.at(at(&self.target, image, channel)) = (value / length) as f32;
                }
            }
        }
    }
}

fn assert_same(source: &Region, target: &Region) {
    let size = |region: &Region| [region.channels, region.height, region.width];
    assert_eq!(size(source), size(target), "regions of different sizes");
    for region in [source, target] {
        assert!(region.fits([0; 2], [0; 2]), "{region:?} is not in its buffer");
    }
}
