//! The sum of a region and of a coarser one, each of whose values covers 2×2 pixels.
#![allow(unsafe_code)]

use super::layout::zero_border;
use super::region::{Region, split_range};
use super::step::{PassContext, WorkItem};
use crate::kernels::simd::{LANES, Vector};

/// A sum of two regions, the second upsampled by two.
#[derive(Debug)]
pub(crate) struct AddUpsampled {
    pub(super) source: Region,
    pub(super) coarse: Region,
    pub(super) target: Region,
}

impl AddUpsampled {
    /// # Panics
    /// If the sizes do not fit or a region is outside its buffer.
    pub(crate) fn new([source, coarse, target]: [Region; 3]) -> Self {
        let size = |region: &Region| [region.channels, region.height, region.width];
        let doubled = [coarse.channels, 2 * coarse.height, 2 * coarse.width];
        assert_eq!([size(&source), doubled], [size(&target); 2], "regions of different sizes");
        for region in [&source, &coarse, &target] {
            assert_eq!(region.buffer.width, LANES);
            assert!(region.fits([0; 2], [0; 2]), "{region:?} is not in its buffer");
        }
        Self { source, coarse, target }
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 { self.target.rows(images).min(2 * threads) } else { 1 }
    }

    /// Computes one item: some rows.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        item: WorkItem,
    ) {
        let blocks = self.target.blocks();
        // SAFETY: all regions have these rows, blocks and images, and no other item writes
        // these rows of the target; the borders are the first item's.
        unsafe {
            if item.item == 0 {
                zero_border(context, &self.target, 0..context.images, 0..blocks);
            }
            for row in split_range(self.target.rows(context.images), item.items, item.item) {
                let [image, block, y] = self.target.row(row);
                let at = |region: &Region, y: usize| {
                    region.at(context.images, [image, block, y, 0], [0; 2])
                };
                let source = context.memory.at(at(&self.source, y));
                let coarse = context.memory.at(at(&self.coarse, y / 2));
                let target = context.memory.at(at(&self.target, y));
                for x in 0..self.target.width {
                    for lane in (0..LANES).step_by(V::LANES) {
                        let value = V::load(features, source.add(x * LANES + lane));
                        let added = V::load(features, coarse.add(x / 2 * LANES + lane));
                        value.add(added).store(target.add(x * LANES + lane));
                    }
                }
            }
        }
    }
}
