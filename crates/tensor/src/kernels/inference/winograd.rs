//! Winograd's minimal filtering, F(m×m, r×r), for kernels that move by one pixel.
//!
//! An output tile of m × m pixels is computed from n × n pixels of the source, n = m +
//! r - 1, as `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`: both are transformed, multiplied point by
//! point, which over all channels is one matrix product a point, and transformed back.
//! That takes n²/m² multiplications for each output and channel instead of r²:
//!
//! | form | instead of | takes | for |
//! | --- | --- | --- | --- |
//! | F(4×4, 3×3) | 9 | 2.25 | 3×3 kernels |
//! | F(3×3, 4×4) | 16 | 4 | 7×7 kernels of stride 2, as 4×4 ones over four phases |
//! | F(2×2, 5×5) | 25 | 9 | 5×5 kernels |
//! | F(2×2, 3×3) | 9 | 4 | 3×3 kernels on small images, where 4×4 tiles stick out |
//!
//! Source: Winograd, "Arithmetic Complexity of Computations" (1980); Lavin and Gray,
//! "Fast Algorithms for Convolutional Neural Networks" (2016).
//!
//! Two parts, so that threads can share both: tiles of the source are transformed (16
//! channels a vector), then each item multiplies some tiles by a panel of output
//! channels, all points of nine tiles at a time, and transforms the sums back while they
//! are in cache. With one thread both are done chunk by chunk.
#![allow(unsafe_code)]

mod transform;
mod weight;

use super::convolution::{CHUNK_BYTES, floor};
use super::region::{Buffer, Region, share};
use super::step::{Place, Work};
use super::tile::{NO_BIAS, Points, ROWS, Segment, Tile};
use super::transfer::clear_frame;
use crate::Activation;
use crate::kernels::packed_weight::Panel;
use crate::kernels::tile::{LANES, VECTORS};
use crate::kernels::vector::Vector;

pub(crate) use transform::Form;
pub(crate) use weight::WinogradWeight;

/// A convolution of one region into another.
#[derive(Debug)]
pub(crate) struct Winograd {
    pub(super) source: Region,
    pub(super) target: Region,
    /// For each tile of an image, for each point, all channels.
    transformed: Buffer,
    weight: WinogradWeight,
    /// Filled up with zeros to whole vectors.
    bias: Vec<f32>,
    floor: f32,
    padding: [usize; 2],
}

impl Winograd {
    /// Plans a convolution.
    ///
    /// # Panics
    /// If channels differ, or the source has no room for padding and tiles that stick
    /// out.
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
        let after = weight.form.room_after(source.size(), target.size(), padding);
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        let expected = weight.form.transformed(source.channels, target.size());
        assert_eq!(Buffer { offset: transformed.offset, ..expected }, transformed);
        let mut filled = bias.to_vec();
        filled.resize(weight.vectors() * LANES, 0.0);
        let floor = floor(activation);
        Self { source, target, transformed, weight, bias: filled, floor, padding }
    }

    /// Where the transformed source lies, as a region.
    pub(super) fn transformed_region(&self) -> Region {
        let buffer = self.transformed;
        let Buffer { width: channels, rows: height, columns: width, .. } = buffer;
        Region { buffer, block: 0, top: 0, left: 0, channels, height, width }
    }

    /// The form's name.
    pub(crate) fn method(&self) -> &'static str {
        self.weight.form.name()
    }

    /// Whether it is computed from pairs of bf16 numbers.
    pub(super) fn in_pairs(&self) -> bool {
        self.weight.pairs
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

    /// Items of the first part; none if there is one thread, which does both in one.
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
    pub(crate) unsafe fn transform<V: Vector<Element = f32>>(&self, work: &Work<'_>, place: Place) {
        for tile in share(self.tiles(work.images), place.items, place.item) {
            // SAFETY: the tile exists, and no other item has it.
            unsafe { self.transform_tile::<V>(work, tile, tile) };
        }
    }

    /// Multiplies, and with one thread transforms before.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn multiply<V: Vector<Element = f32>>(&self, work: &Work<'_>, place: Place) {
        let chunks = self.chunks(work.images, work.threads);
        let tiles = self.tiles(work.images);
        let of = |chunk| {
            let groups = share(self.groups(work.images), chunks, chunk);
            groups.start * ROWS..(groups.end * ROWS).min(tiles)
        };
        // SAFETY: tiles and panels exist, and no other item has both.
        unsafe {
            if work.threads > 1 {
                let panels = self.weight.panels.len();
                let panel = self.weight.panels[place.item % panels];
                let chunk = place.item / panels;
                if chunk == 0 {
                    self.clear(work, panel);
                }
                for first in of(chunk).step_by(ROWS) {
                    let rows = (tiles - first).min(ROWS);
                    self.multiply_tiles::<V>(work, panel, first, first, rows);
                }
                return;
            }
            let chunk = of(place.item);
            for tile in chunk.clone() {
                self.transform_tile::<V>(work, tile, tile - chunk.start);
            }
            for panel in &self.weight.panels {
                if place.item == 0 {
                    self.clear(work, *panel);
                }
                for first in chunk.clone().step_by(ROWS) {
                    let rows = (tiles - first).min(ROWS);
                    let slot = first - chunk.start;
                    self.multiply_tiles::<V>(work, *panel, first, slot, rows);
                }
            }
        }
    }

    /// # Safety
    /// As [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn clear(&self, work: &Work<'_>, panel: Panel) {
        let first = panel.first / LANES;
        // SAFETY: the target has these blocks.
        unsafe { clear_frame(work, &self.target, first..first + panel.vectors) }
    }

    /// Index of the transformed values of a slot.
    #[inline(always)]
    fn slot(&self, images: usize, slot: usize) -> usize {
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
        work: &Work<'_>,
        tile: usize,
        slot: usize,
    ) {
        let [image, y, x] = self.tile_corner(tile);
        let buffer = &self.source.buffer;
        let slot = self.slot(work.images, slot);
        let steps = [buffer.row_step(), buffer.width];
        for block in 0..self.source.blocks() {
            let source = self.source.at(work.images, [image, block, y, x], self.padding);
            let target = slot + block * LANES / V::PER_WORD;
            for lane in (0..LANES).step_by(V::LANES) {
                // SAFETY: `new` held that the source has room for whole tiles.
                unsafe {
                    let source = work.memory.at(source + lane).cast_const();
                    let target = work.memory.at(target + lane / V::PER_WORD);
                    match self.weight.form {
                        Form::F2X3 => {
                            transform::source::<V, 4>(
                                source,
                                steps,
                                target,
                                self.transformed.width,
                            );
                        }
                        _ => {
                            transform::source::<V, 6>(
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

    /// Multiplies up to nine tiles by a panel and transforms the sums back.
    ///
    /// # Safety
    /// As [`multiply`](Self::multiply).
    #[inline(always)]
    unsafe fn multiply_tiles<V: Vector<Element = f32>>(
        &self,
        work: &Work<'_>,
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
            let sums = work.memory.at(work.scratch);
            let mut sources = [std::ptr::null(); ROWS];
            let mut targets = [std::ptr::null_mut(); ROWS];
            for row in 0..rows {
                sources[row] = work.memory.at(self.slot(work.images, slot + row)).cast_const();
                targets[row] = sums.add(row * columns);
            }
            V::call(Tile {
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
            });
            for row in 0..rows {
                let [image, y, x] = self.tile_corner(first + row);
                let size = [self.target.height - y, self.target.width - x];
                for lane in (0..columns).step_by(V::LANES) {
                    let block = (panel.first + lane) / LANES;
                    let target = self.target.at(work.images, [image, block, y, x], [0; 2]);
                    let back = transform::Back {
                        sums: sums.add(row * columns + lane),
                        point_step: ROWS * columns,
                        target: work.memory.at(target + lane % LANES),
                        row_step: self.target.buffer.row_step(),
                        size,
                        bias: V::load(self.bias.as_ptr().add(panel.first + lane)),
                        floor: V::splat(self.floor),
                    };
                    match self.weight.form {
                        Form::F4X3 => back.run::<6, 4>(),
                        Form::F3X4 => back.run::<6, 3>(),
                        Form::F2X5 => back.run::<6, 2>(),
                        Form::F2X3 => back.run::<4, 2>(),
                    }
                }
            }
        }
    }
}
