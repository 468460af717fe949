//! Direct convolution of regions: the tiles of a convolution, and which pixels each
//! takes.
//!
//! A dense layer is the convolution whose kernel is as large as its image.
#![allow(unsafe_code)]

use super::region::{Region, reach, share};
use super::step::{Place, Work};
use super::tile::{Points, ROWS, Segment, Tile, joined};
use super::transfer::clear_frame;
use crate::Activation;
use crate::kernels::packed_weight::{PackedWeight, Panel};
use crate::kernels::tile::LANES;
use crate::kernels::vector::Vector;

/// Most bytes of the source that all panels pass over before the next pixels' turn:
/// well within a second-level cache, beside a panel of weights.
pub(crate) const CHUNK_BYTES: usize = 256 << 10;

/// A convolution of one region into another.
#[derive(Debug)]
pub(crate) struct Convolution {
    pub(super) source: Region,
    pub(super) target: Region,
    weight: PackedWeight<f32>,
    /// Filled up with zeros to whole vectors.
    bias: Vec<f32>,
    floor: f32,
    stride: [usize; 2],
    /// Rows and columns of zeros in front of the source.
    padding: [usize; 2],
    segments: Vec<Segment>,
    /// Whether sources are rounded to bf16 and multiplied in pairs.
    pairs: bool,
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
            reach(target.height, stride[0], kh, padding[0], source.height),
            reach(target.width, stride[1], kw, padding[1], source.width),
        ];
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        let width = source.buffer.width;
        let taps = (0..kh).flat_map(|row| (0..kw).map(move |column| [row, column]));
        let segments = joined(taps.flat_map(|[row, column]| {
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
            bias: filled_up(bias, &weight),
            weight,
            floor: floor(activation),
            stride,
            padding,
            segments,
            pairs: false,
        }
    }

    /// The same from pairs of bf16 numbers.
    ///
    /// # Panics
    /// If the source's channels are no whole vectors.
    pub(crate) fn in_pairs(self) -> Self {
        let whole = self.source.channels.is_multiple_of(LANES);
        assert!(whole && self.source.buffer.width == LANES, "{:?} in pairs", self.source);
        Self { weight: self.weight.in_pairs(), pairs: true, ..self }
    }

    /// Whether it is computed so.
    pub(super) fn is_in_pairs(&self) -> bool {
        self.pairs
    }

    /// Scratch values that an item needs: the words of a tile's sources.
    pub(crate) fn scratch(&self) -> usize {
        if self.pairs { ROWS * self.weight.depth() / 2 } else { 0 }
    }

    fn tiles(&self, images: usize) -> usize {
        (images * self.target.pixels()).div_ceil(ROWS)
    }

    /// Parts that the pixels are cut into: so that each part's source stays in cache,
    /// and there is enough for `threads` to share.
    fn chunks(&self, images: usize, threads: usize) -> usize {
        let tiles = self.tiles(images);
        let bytes = images * self.source.buffer.image_step() * size_of::<f32>();
        let for_cache = bytes.div_ceil(CHUNK_BYTES);
        let panels = self.weight.panels().len();
        let for_threads = if threads > 1 { (4 * threads).div_ceil(panels) } else { 1 };
        for_cache.max(for_threads).clamp(1, tiles)
    }

    /// Items that it is cut into: chunks of pixels, and for each the panels.
    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        self.chunks(images, threads) * self.weight.panels().len()
    }

    /// Computes one item.
    ///
    /// # Safety
    /// As [`Step::run`](super::step::Step::run).
    #[inline(always)]
    pub(crate) unsafe fn run<V: Vector<Element = f32>>(&self, work: &Work<'_>, place: Place) {
        let panels = self.weight.panels().len();
        let chunk = place.item / panels;
        let panel = self.weight.panels()[place.item % panels];
        let chunks = self.chunks(work.images, work.threads);
        // SAFETY: regions were checked to lie within their buffers, with padding; a
        // panel's vectors are blocks of the target, which no other item writes.
        unsafe {
            if chunk == 0 {
                let first = panel.first / LANES;
                clear_frame(work, &self.target, first..first + panel.vectors);
            }
            for tile in share(self.tiles(work.images), chunks, chunk) {
                self.tile::<V>(work, panel, tile);
            }
        }
    }

    /// Computes the channels of a panel at the pixels of a tile.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn tile<V: Vector<Element = f32>>(&self, work: &Work<'_>, panel: Panel, tile: usize) {
        let pixels = self.target.pixels();
        let first = tile * ROWS;
        let rows = (work.images * pixels - first).min(ROWS);
        let mut image = first / pixels;
        let mut y = first % pixels / self.target.width;
        let mut x = first % pixels % self.target.width;
        let mut sources = [std::ptr::null(); ROWS];
        let mut targets = [std::ptr::null_mut(); ROWS];
        let block = panel.first / LANES;
        // SAFETY: these pixels exist in both regions, and the source has its padding
        // around; packed weights and bias cover the panel.
        unsafe {
            for row in 0..rows {
                let [sy, sx] = [y * self.stride[0], x * self.stride[1]];
                let source = self.source.at(work.images, [image, 0, sy, sx], self.padding);
                sources[row] = work.memory.at(source).cast_const();
                targets[row] =
                    work.memory.at(self.target.at(work.images, [image, block, y, x], [0; 2]));
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
            if self.pairs {
                sources = self.in_words::<V>(work, sources, rows);
                segments = &words;
            }
            V::call(Tile {
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
            });
        }
    }

    /// Rounds the sources of a tile into this thread's scratch, each row's side by side.
    ///
    /// # Safety
    /// As [`run`](Self::run); the segments lead from each row to values of the source.
    #[inline(always)]
    unsafe fn in_words<V: Vector<Element = f32>>(
        &self,
        work: &Work<'_>,
        mut sources: [*const f32; ROWS],
        rows: usize,
    ) -> [*const f32; ROWS] {
        // SAFETY: the caller vouches for the values; segments are whole vectors, as
        // `in_pairs` held, and scratch has room for all of them in nine rows.
        unsafe {
            let mut target = work.memory.at(work.scratch);
            for row in 0..rows {
                let source = std::mem::replace(&mut sources[row], target.cast_const());
                for segment in &self.segments {
                    for at in (0..segment.length).step_by(V::LANES) {
                        V::load(source.wrapping_add(segment.offset + at)).store_words(target);
                        target = target.wrapping_add(V::LANES / V::PER_WORD);
                    }
                }
            }
        }
        sources
    }
}

/// The least value that an activation lets through.
pub(crate) fn floor(activation: Activation) -> f32 {
    match activation {
        Activation::None => f32::NEG_INFINITY,
        Activation::Relu => 0.0,
    }
}

/// A bias with zeros for the channels that fill up the last vector.
pub(crate) fn filled_up(bias: &[f32], weight: &PackedWeight<f32>) -> Vec<f32> {
    assert_eq!(bias.len(), weight.outputs, "a bias for another number of channels");
    let vectors: usize = weight.panels().iter().map(|panel| panel.vectors).sum();
    let mut filled = bias.to_vec();
    filled.resize(vectors * LANES, 0.0);
    filled
}
