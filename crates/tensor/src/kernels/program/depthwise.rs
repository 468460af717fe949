//! Depthwise convolution of regions: each channel by itself, sixteen at a time.
//!
//! As in every step, the channels of a pixel's block are adjacent, so a tap of the kernel is a
//! vector of weights, which is multiplied with several pixels of a row while their sums stay in
//! registers. Each sum has the order of the taps, so its bits do not depend on how pixels are
//! divided.
#![allow(unsafe_code)]

use ndarray::ArrayView4;

use super::convolution::activation_floor;
use super::layout::zero_border;
use super::region::{Region, border_after, split_range};
use super::step::{PassContext, WorkItem};
use crate::Activation;
use crate::kernels::simd::{LANES, Vector};

/// Most pixels whose sums are in registers together: enough to hide the latency of a sum.
const PIXELS: usize = 8;

/// A depthwise convolution of one region into another.
#[derive(Debug)]
pub(crate) struct Depthwise {
    pub(super) source: Region,
    pub(super) target: Region,
    /// Of each block, `LANES` values for each tap of the kernel.
    weight: Vec<f32>,
    /// Of each block, `LANES` values.
    bias: Vec<f32>,
    floor: f32,
    kernel: [usize; 2],
    stride: [usize; 2],
    /// Rows and columns of zeros in front of the source.
    padding: [usize; 2],
}

impl Depthwise {
    /// Plans a convolution. The kernel of each channel is multiplied by its factor, in f64, and
    /// rounded once.
    ///
    /// # Shapes
    /// `weight`: C × 1 × KH × KW, `bias`: C.
    ///
    /// # Panics
    /// If channels differ or the padded source is not within its buffer.
    pub(crate) fn new(
        [source, target]: [Region; 2],
        weight: ArrayView4<'_, f32>,
        factors: Option<&[f64]>,
        bias: &[f32],
        activation: Activation,
        stride: [usize; 2],
        padding: [usize; 2],
    ) -> Self {
        let (channels, inputs, kh, kw) = weight.dim();
        assert_eq!([inputs, channels], [1, source.channels], "a weight of {:?}", weight.dim());
        assert_eq!([target.channels, bias.len()], [channels; 2]);
        assert_eq!([source.buffer.width, target.buffer.width], [LANES; 2]);
        let after = [
            border_after(target.height, stride[0], kh, padding[0], source.height),
            border_after(target.width, stride[1], kw, padding[1], source.width),
        ];
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        let taps = kh * kw;
        let mut packed = vec![0.0; target.blocks() * taps * LANES];
        for ((channel, _, i, j), value) in weight.indexed_iter() {
            let (block, lane) = (channel / LANES, channel % LANES);
            let factor = factors.map_or(1.0, |factors| factors[channel]);
            packed[(block * taps + i * kw + j) * LANES + lane] =
                (f64::from(*value) * factor) as f32;
        }
        let mut padded_bias = bias.to_vec();
        padded_bias.resize(target.blocks() * LANES, 0.0);
        Self {
            source,
            target,
            weight: packed,
            bias: padded_bias,
            floor: activation_floor(activation),
            kernel: [kh, kw],
            stride,
            padding,
        }
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 { self.target.rows(images).min(4 * threads) } else { 1 }
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
        // SAFETY: both regions have these rows, blocks and images, which no other item
        // writes; the borders are the first item's.
        unsafe {
            if item.item == 0 {
                zero_border(context, &self.target, 0..context.images, 0..blocks);
            }
            for row in split_range(self.target.rows(context.images), item.items, item.item) {
                let place = self.target.row(row);
                // Kernels and strides of networks are constants in loops of their own.
                match (self.kernel, self.stride[1]) {
                    ([3, 3], 1) => self.row::<V, 3, 1>(features, context, place),
                    ([3, 3], 2) => self.row::<V, 3, 2>(features, context, place),
                    ([5, 5], 1) => self.row::<V, 5, 1>(features, context, place),
                    _ => self.row::<V, 0, 0>(features, context, place),
                }
            }
        }
    }

    /// Computes the channels of a row. `K` is the side of the kernel and `S` the stride, or 0
    /// for any.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn row<V: Vector<Element = f32>, const K: usize, const S: usize>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        [image, block, y]: [usize; 3],
    ) {
        let [kh, kw] = self.kernel;
        let index = [image, block, y * self.stride[0], 0];
        let source = self.source.at(context.images, index, self.padding);
        let target = self.target.at(context.images, [image, block, y, 0], [0; 2]);
        let width = self.target.width;
        for lane in (0..LANES).step_by(V::LANES) {
            // SAFETY: the buffers contain the row, and the source its padding; weight and bias
            // have `LANES` values for each tap of the block.
            unsafe {
                let window = Window {
                    source: context.memory.at(source + lane).cast_const(),
                    target: context.memory.at(target + lane),
                    weight: self.weight.as_ptr().add(block * kh * kw * LANES + lane),
                    bias: V::load(features, self.bias.as_ptr().add(block * LANES + lane)),
                    floor: V::splat(features, self.floor),
                    kernel: if K > 0 { [K; 2] } else { self.kernel },
                    row_step: self.source.buffer.row_step(),
                    pixel_step: LANES * if S > 0 { S } else { self.stride[1] },
                };
                let mut x = 0;
                while x < width {
                    x += match width - x {
                        PIXELS.. => window.pixels::<PIXELS>(features, x),
                        4.. => window.pixels::<4>(features, x),
                        2.. => window.pixels::<2>(features, x),
                        _ => window.pixels::<1>(features, x),
                    };
                }
            }
        }
    }
}

/// A row of windows.
struct Window<V> {
    /// The first value of the first window.
    source: *const f32,
    target: *mut f32,
    /// `LANES` values for each tap.
    weight: *const f32,
    bias: V,
    floor: V,
    kernel: [usize; 2],
    /// Distance between rows of the source.
    row_step: usize,
    /// Distance between windows.
    pixel_step: usize,
}

impl<V: Vector<Element = f32>> Window<V> {
    /// Computes `P` pixels from `x` on, and returns how many they are.
    ///
    /// # Safety
    /// The source has their windows, and no other thread accesses their targets.
    #[inline(always)]
    unsafe fn pixels<const P: usize>(&self, features: V::Features, x: usize) -> usize {
        let [kh, kw] = self.kernel;
        let mut sums = [self.bias; P];
        // SAFETY: the caller guarantees windows and targets; there is a weight for each tap.
        unsafe {
            let first = self.source.add(x * self.pixel_step);
            let mut weight = self.weight;
            for i in 0..kh {
                let row = first.add(i * self.row_step);
                for j in 0..kw {
                    let factor = V::load(features, weight);
                    let tap = row.add(j * LANES);
                    for p in 0..P {
                        let value = V::load(features, tap.add(p * self.pixel_step));
                        sums[p] = value.multiply_add(factor, sums[p]);
                    }
                    weight = weight.wrapping_add(LANES);
                }
            }
            for p in 0..P {
                self.floor.max(sums[p]).store(self.target.add((x + p) * LANES));
            }
        }
        P
    }
}
