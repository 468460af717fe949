//! Direct convolution of regions: assigns pixels to tiles and tiles to items.
//!
//! A dense layer is a convolution whose kernel is as large as its image.
#![allow(unsafe_code)]

use super::layout::zero_border;
use super::region::{Region, border_after, split_range};
use super::step::{PassContext, WorkItem};
use super::tile::{Points, ROWS, Segment, Tile, merge_adjacent};
use crate::Activation;
use crate::kernels::packed_weight::{PackedWeight, Panel};
use crate::kernels::simd::{Bf16, Features, LANES, Vector};

/// Most bytes of the source that an item reads: they fit into a second-level cache, beside
/// a panel of weights.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;

/// A convolution of one region into another.
#[derive(Debug)]
pub(crate) struct Convolution {
    pub(super) source: Region,
    pub(super) target: Region,
    weight: PackedWeight<f32>,
    /// Padded with zeros to whole vectors.
    bias: Vec<f32>,
    floor: f32,
    stride: [usize; 2],
    /// Rows and columns of zeros in front of the source.
    padding: [usize; 2],
    segments: Vec<Segment>,
    /// If source and weights are rounded to bf16, the proof that this machine multiplies it.
    bf16: Option<Bf16>,
}

impl Convolution {
    /// Plans a convolution.
    ///
    /// # Panics
    /// If channels differ or the padded source is not within its buffer.
    pub(crate) fn new(
        [source, target]: [Region; 2],
        weight: PackedWeight<f32>,
        bias: &[f32],
        activation: Activation,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Self {
        let [kh, kw] = weight.kernel;
        assert_eq!([weight.inputs, weight.outputs], [source.channels, target.channels]);
        let after = [
            border_after(target.height, stride[0], kh, padding[0], source.height),
            border_after(target.width, stride[1], kw, padding[1], source.width),
        ];
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        let width = source.buffer.width;
        let taps = (0..kh).flat_map(|row| (0..kw).map(move |column| [row, column]));
        let segments = merge_adjacent(taps.flat_map(|[row, column]| {
            (0..source.blocks()).map(move |block| Segment {
                offset: block * source.buffer.block_step()
                    + row * source.buffer.row_step()
                    + column * width,
                length: (source.channels - block * width).min(width),
            })
        }));
        Self {
            source,
            target,
            bias: padded_bias(bias, &weight),
            weight,
            floor: activation_floor(activation),
            stride,
            padding,
            segments,
            bf16: None,
        }
    }

    /// The same convolution with source and weights rounded to bf16.
    ///
    /// # Panics
    /// If the source's channels do not fill whole vectors.
    pub(crate) fn into_bf16(self, bf16: Bf16) -> Self {
        let whole = self.source.channels.is_multiple_of(LANES);
        assert!(whole && self.source.buffer.width == LANES, "{:?} as bf16", self.source);
        Self { weight: self.weight.into_bf16(), bf16: Some(bf16), ..self }
    }

    pub(super) fn bf16(&self) -> Option<Bf16> {
        self.bf16
    }

    /// Scratch values that an item needs: the rounded sources of a tile.
    pub(crate) fn scratch(&self) -> usize {
        if self.bf16.is_some() { ROWS * self.weight.depth() / 2 } else { 0 }
    }

    fn tiles(&self, images: usize) -> usize {
        (images * self.target.pixels()).div_ceil(ROWS)
    }

    /// Parts into which the pixels are divided: the source of each part fits into cache,
    /// and there are enough items for `threads`.
    fn chunks(&self, images: usize, threads: usize) -> usize {
        let tiles = self.tiles(images);
        let bytes = images * self.source.buffer.image_step() * size_of::<f32>();
        let for_cache = bytes.div_ceil(CHUNK_BYTES);
        let panels = self.weight.panels().len();
        let for_threads = if threads > 1 { (4 * threads).div_ceil(panels) } else { 1 };
        for_cache.max(for_threads).clamp(1, tiles)
    }

    /// Items: each chunk of pixels times each panel.
    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        self.chunks(images, threads) * self.weight.panels().len()
    }

    /// Computes one item.
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
        let panels = self.weight.panels().len();
        let chunk = item.item / panels;
        let panel = self.weight.panels()[item.item % panels];
        let chunks = self.chunks(context.images, context.threads);
        // SAFETY: `new` checked that the buffers contain the regions, with padding; a
        // panel's vectors are blocks of the target, which no other item writes.
        unsafe {
            if chunk == 0 {
                let first = panel.first / LANES;
                let blocks = first..first + panel.vectors;
                zero_border(context, &self.target, 0..context.images, blocks);
            }
            for tile in split_range(self.tiles(context.images), chunks, chunk) {
                self.tile::<V>(features, context, panel, tile);
            }
        }
    }

    /// Computes the channels of a panel at the pixels of a tile.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn tile<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        panel: Panel,
        tile: usize,
    ) {
        let pixels = self.target.pixels();
        let first = tile * ROWS;
        let rows = (context.images * pixels - first).min(ROWS);
        let mut image = first / pixels;
        let mut y = first % pixels / self.target.width;
        let mut x = first % pixels % self.target.width;
        let mut sources = [std::ptr::null(); ROWS];
        let mut targets = [std::ptr::null_mut(); ROWS];
        let block = panel.first / LANES;
        // SAFETY: both regions have these pixels, and the source has its padding
        // around it; packed weights and bias cover the panel.
        unsafe {
            for row in 0..rows {
                let [sy, sx] = [y * self.stride[0], x * self.stride[1]];
                let source = self.source.at(context.images, [image, 0, sy, sx], self.padding);
                sources[row] = context.memory.at(source).cast_const();
                targets[row] =
                    context.memory.at(self.target.at(context.images, [image, block, y, x], [0; 2]));
                x += 1;
                if x == self.target.width {
                    [x, y] = [0, y + 1];
                    if y == self.target.height {
                        [y, image] = [0, image + 1];
                    }
                }
            }
            let words = [Segment { offset: 0, length: self.weight.depth() / 2 }];
            let mut segments = &self.segments[..];
            if self.bf16.is_some() {
                sources = self.round_sources::<V>(features, context, sources, rows);
                segments = &words;
            }
            let tile = Tile {
                sources,
                targets,
                rows,
                vectors: panel.vectors,
                target_step: self.target.buffer.block_step(),
                segments,
                weight: self.weight.panel(panel).as_ptr(),
                bias: self.bias[panel.first..].as_ptr(),
                floor: self.floor,
                points: Points::ONE,
            };
            features.run(tile.assume_valid());
        }
    }

    /// Rounds the sources of a tile to bf16 in this thread's scratch, row by row, and
    /// returns the rows there.
    ///
    /// # Safety
    /// As [`run`](Self::run); the segments are inside the source for each of the rows.
    #[inline(always)]
    unsafe fn round_sources<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        mut sources: [*const f32; ROWS],
        rows: usize,
    ) -> [*const f32; ROWS] {
        // SAFETY: the caller guarantees the values; segments are whole vectors, as
        // `into_bf16` checked, and scratch has room for all of them in nine rows.
        unsafe {
            let mut target = context.memory.at(context.scratch);
            for row in 0..rows {
                let source = std::mem::replace(&mut sources[row], target.cast_const());
                for segment in &self.segments {
                    for at in (0..segment.length).step_by(V::LANES) {
                        let values = V::load(features, source.wrapping_add(segment.offset + at));
                        values.store_words(target);
                        target = target.wrapping_add(V::LANES / V::PER_WORD);
                    }
                }
            }
        }
        sources
    }
}

/// The lower bound that an activation applies.
pub(crate) fn activation_floor(activation: Activation) -> f32 {
    match activation {
        Activation::None => f32::NEG_INFINITY,
        Activation::Relu => 0.0,
    }
}

/// A bias with zeros for the channels that pad the last vector.
pub(crate) fn padded_bias(bias: &[f32], weight: &PackedWeight<f32>) -> Vec<f32> {
    assert_eq!(bias.len(), weight.outputs, "a bias for another number of channels");
    let vectors: usize = weight.panels().iter().map(|panel| panel.vectors).sum();
    let mut filled = bias.to_vec();
    filled.resize(vectors * LANES, 0.0);
    filled
}
