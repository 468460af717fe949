//! Winograd's minimal filtering, F(m×m, r×r), for convolutions of stride 1.
//!
//! An output tile of m × m pixels is computed from n × n pixels of the source, n = m +
//! r - 1, as `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`: kernel g and source d are transformed,
//! multiplied point by point (over all channels that is one matrix product a point), and
//! the products are transformed to the output. That takes n²/m² multiplications for each
//! output and channel instead of r²:
//!
//! | form | direct | Winograd | used for |
//! | --- | --- | --- | --- |
//! | F(4×4, 3×3) | 9 | 2.25 | 3×3 kernels |
//! | F(3×3, 4×4) | 16 | 4 | 7×7 kernels of stride 2, as 4×4 ones over four phases |
//! | F(2×2, 5×5) | 25 | 9 | 5×5 kernels |
//! | F(2×2, 3×3) | 9 | 4 | 3×3 kernels on small images, where 4×4 tiles waste work |
//!
//! Source: Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray,
//! "Fast Algorithms for Convolutional Neural Networks" (2016).
//!
//! With U and V the transformed kernel and source, rounding them with unit roundoff u changes
//! an output by at most `((1 + u)² - 1) |Aᵀ| (|U| ⊙ |V|) |A|`, summed over channels. The tests
//! hold programs to that; in bf16 it is what limits their accuracy.
//!
//! The step has two parts, so that threads can share both: the first transforms tiles of
//! the source (16 channels a vector); then each item multiplies some tiles by a panel of
//! output channels, all points of nine tiles at a time, and transforms the sums while they
//! are in cache. One thread alone does both chunk by chunk, in the second part.
#![allow(unsafe_code)]

mod transform;
mod weight;

use super::convolution::{CHUNK_BYTES, activation_floor};
use super::layout::zero_border;
use super::region::{Buffer, Region, split_range};
use super::step::{PassContext, WorkItem};
use super::tile::{NO_BIAS, Points, ROWS, Segment, Tile};
use crate::Activation;
use crate::kernels::packed_weight::{Panel, VECTORS};
use crate::kernels::simd::{Bf16, Features, LANES, Vector};

pub(crate) use transform::Form;
pub(crate) use weight::WinogradWeight;

/// A convolution of one region into another.
#[derive(Debug)]
pub(crate) struct Winograd {
    pub(super) source: Region,
    pub(super) target: Region,
    /// For each tile of an image and each point, all channels.
    transformed: Buffer,
    weight: WinogradWeight,
    /// Padded with zeros to whole vectors.
    bias: Vec<f32>,
    floor: f32,
    padding: [usize; 2],
}

impl Winograd {
    /// Plans a convolution.
    ///
    /// # Panics
    /// If channels differ, or the source has no room for padding and for tiles that extend
    /// beyond the output.
    pub(crate) fn new(
        [source, target]: [Region; 2],
        transformed: Buffer,
        weight: WinogradWeight,
        bias: &[f32],
        activation: Activation,
        padding: [usize; 2],
    ) -> Self {
        assert_eq!([weight.inputs, weight.outputs], [source.channels, target.channels]);
        assert_eq!([source.buffer.width, target.buffer.width], [LANES; 2]);
        assert_eq!(bias.len(), weight.outputs, "a bias for another number of channels");
        let after = weight.form.border_after(source.size(), target.size(), padding);
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        let expected = weight.form.transformed_buffer(source.channels, target.size());
        assert_eq!(Buffer { offset: transformed.offset, ..expected }, transformed);
        let mut filled = bias.to_vec();
        filled.resize(weight.vectors() * LANES, 0.0);
        let floor = activation_floor(activation);
        Self { source, target, transformed, weight, bias: filled, floor, padding }
    }

    /// The transformed source as a region.
    pub(super) fn transformed_region(&self) -> Region {
        let buffer = self.transformed;
        let Buffer { width: channels, rows: height, columns: width, .. } = buffer;
        Region { buffer, block: 0, top: 0, left: 0, channels, height, width }
    }

    /// The form's name.
    pub(crate) fn method(&self) -> &'static str {
        self.weight.form.name()
    }

    /// If it multiplies bf16 numbers, the proof that this machine does.
    pub(super) fn bf16(&self) -> Option<Bf16> {
        self.weight.bf16
    }

    /// Scratch values that an item needs: the sums of nine tiles by a panel.
    pub(crate) fn scratch(&self) -> usize {
        self.weight.form.points() * ROWS * VECTORS * LANES
    }

    fn tiles(&self, images: usize) -> usize {
        images * self.transformed.rows
    }

    /// Groups of nine tiles.
    fn groups(&self, images: usize) -> usize {
        self.tiles(images).div_ceil(ROWS)
    }

    /// Items of the first part; none if one thread does both parts in the second.
    pub(crate) fn transform_items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 { self.tiles(images).min(4 * threads) } else { 0 }
    }

    /// Items of the second part.
    pub(crate) fn multiply_items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 {
            self.chunks(images, threads) * self.weight.panels.len()
        } else {
            self.chunks(images, threads)
        }
    }

    fn chunks(&self, images: usize, threads: usize) -> usize {
        let bytes = images * self.transformed.image_step() * size_of::<f32>();
        let for_cache = bytes.div_ceil(CHUNK_BYTES);
        let panels = self.weight.panels.len();
        let for_threads = if threads > 1 { (4 * threads).div_ceil(panels) } else { 1 };
        for_cache.max(for_threads).clamp(1, self.groups(images))
    }

    /// Transforms some tiles of the source.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn transform<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        item: WorkItem,
    ) {
        for tile in split_range(self.tiles(context.images), item.items, item.item) {
            // SAFETY: the tile exists, and no other item has it.
            unsafe { self.transform_tile::<V>(features, context, tile, tile) };
        }
    }

    /// Multiplies some tiles by a panel, or by all if there is one thread, which then
    /// transforms the tiles first.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn multiply<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        item: WorkItem,
    ) {
        let chunks = self.chunks(context.images, context.threads);
        let tiles = self.tiles(context.images);
        let of = |chunk| {
            let groups = split_range(self.groups(context.images), chunks, chunk);
            groups.start * ROWS..(groups.end * ROWS).min(tiles)
        };
        // SAFETY: tiles and panels exist, and no other item has both.
        unsafe {
            if context.threads > 1 {
                let panels = self.weight.panels.len();
                let panel = self.weight.panels[item.item % panels];
                let chunk = item.item / panels;
                if chunk == 0 {
                    self.clear(context, panel);
                }
                for first in of(chunk).step_by(ROWS) {
                    let rows = (tiles - first).min(ROWS);
                    self.multiply_tiles::<V>(features, context, panel, first, first, rows);
                }
                return;
            }
            let chunk = of(item.item);
            for tile in chunk.clone() {
                self.transform_tile::<V>(features, context, tile, tile - chunk.start);
            }
            for panel in &self.weight.panels {
                if item.item == 0 {
                    self.clear(context, *panel);
                }
                for first in chunk.clone().step_by(ROWS) {
                    let rows = (tiles - first).min(ROWS);
                    let slot = first - chunk.start;
                    self.multiply_tiles::<V>(features, context, *panel, first, slot, rows);
                }
            }
        }
    }

    /// # Safety
    /// As [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn clear(&self, context: &PassContext<'_>, panel: Panel) {
        let first = panel.first / LANES;
        let blocks = first..first + panel.vectors;
        // SAFETY: the target has these blocks.
        unsafe { zero_border(context, &self.target, 0..context.images, blocks) }
    }

    /// Offset of a slot, the transformed values of a tile.
    #[inline(always)]
    fn slot_offset(&self, images: usize, slot: usize) -> usize {
        self.transformed.offset * images + slot * self.transformed.row_step()
    }

    /// Image, row and column of the first pixel of a tile of the target.
    #[inline(always)]
    fn tile_corner(&self, tile: usize) -> [usize; 3] {
        let m = self.weight.form.tile();
        let across = self.target.width.div_ceil(m);
        let (image, tile) = (tile / self.transformed.rows, tile % self.transformed.rows);
        [image, tile / across * m, tile % across * m]
    }

    /// Transforms a tile of the source into a slot.
    ///
    /// # Safety
    /// As [`transform`](Self::transform).
    #[inline(always)]
    unsafe fn transform_tile<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        tile: usize,
        slot: usize,
    ) {
        let [image, y, x] = self.tile_corner(tile);
        let buffer = &self.source.buffer;
        let slot = self.slot_offset(context.images, slot);
        let steps = [buffer.row_step(), buffer.width];
        for block in 0..self.source.blocks() {
            let source = self.source.at(context.images, [image, block, y, x], self.padding);
            let target = slot + block * LANES / V::PER_WORD;
            for lane in (0..LANES).step_by(V::LANES) {
                // SAFETY: `new` checked that the source has room for whole tiles.
                unsafe {
                    let source = context.memory.at(source + lane).cast_const();
                    let target = context.memory.at(target + lane / V::PER_WORD);
                    match self.weight.form {
                        Form::F2X3 => {
                            transform::source_tile::<V, 4>(
                                features,
                                source,
                                steps,
                                target,
                                self.transformed.width,
                            );
                        }
                        _ => {
                            transform::source_tile::<V, 6>(
                                features,
                                source,
                                steps,
                                target,
                                self.transformed.width,
                            );
                        }
                    }
                }
            }
        }
    }

    /// Multiplies up to nine tiles by a panel and transforms the sums to the output.
    ///
    /// # Safety
    /// As [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn multiply_tiles<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        panel: Panel,
        first: usize,
        slot: usize,
        rows: usize,
    ) {
        let columns = panel.vectors * LANES;
        let segments = [Segment { offset: 0, length: self.source.channels / V::PER_WORD }];
        let weight = self.weight.panel(panel);
        // SAFETY: slots, weights and scratch cover `rows` tiles of all points by the
        // panel; scratch is this thread's own.
        unsafe {
            let sums = context.memory.at(context.scratch);
            let mut sources = [std::ptr::null(); ROWS];
            let mut targets = [std::ptr::null_mut(); ROWS];
            for row in 0..rows {
                sources[row] =
                    context.memory.at(self.slot_offset(context.images, slot + row)).cast_const();
                targets[row] = sums.add(row * columns);
            }
            let tile = Tile {
                sources,
                targets,
                rows,
                vectors: panel.vectors,
                target_step: LANES,
                segments: &segments,
                weight: weight.as_ptr(),
                bias: NO_BIAS.as_ptr(),
                floor: f32::NEG_INFINITY,
                points: Points {
                    count: self.weight.form.points(),
                    source_step: self.transformed.width,
                    target_step: ROWS * columns,
                },
            };
            features.run(tile.assume_valid());
            for row in 0..rows {
                let [image, y, x] = self.tile_corner(first + row);
                let size = [self.target.height - y, self.target.width - x];
                for lane in (0..columns).step_by(V::LANES) {
                    let block = (panel.first + lane) / LANES;
                    let target = self.target.at(context.images, [image, block, y, x], [0; 2]);
                    let output = transform::OutputTransform {
                        sums: sums.add(row * columns + lane),
                        point_step: ROWS * columns,
                        target: context.memory.at(target + lane % LANES),
                        row_step: self.target.buffer.row_step(),
                        size,
                        bias: V::load(features, self.bias.as_ptr().add(panel.first + lane)),
                        floor: V::splat(features, self.floor),
                    };
                    match self.weight.form {
                        Form::F4X3 => output.run::<6, 4>(features),
                        Form::F3X4 => output.run::<6, 3>(features),
                        Form::F2X5 => output.run::<6, 2>(features),
                        Form::F2X3 => output.run::<4, 2>(features),
                    }
                }
            }
        }
    }
}
