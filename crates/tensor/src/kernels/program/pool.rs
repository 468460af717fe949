//! Pooling of regions, sixteen channels at a time.
#![allow(unsafe_code)]

use super::layout::zero_border;
use super::region::{Region, border_after, split_range};
use super::step::{PassContext, WorkItem};
use crate::kernels::simd::{LANES, Vector};
use crate::ops::Pool2dOptions;

/// How the values of a window are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PoolKind {
    /// Their maximum.
    Max,
    /// Their mean.
    Average,
    /// The root of the sum of their squares.
    L2,
}

/// A pooling of one region into another.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(super) source: Region,
    pub(super) target: Region,
    kind: PoolKind,
    options: Pool2dOptions,
    /// Rows and columns of zeros in front of the source.
    padding: [usize; 2],
}

impl Pool {
    /// Plans a pooling.
    ///
    /// # Panics
    /// If channels differ or the padded source is not within its buffer.
    pub(crate) fn new(
        [source, target]: [Region; 2],
        kind: PoolKind,
        options: Pool2dOptions,
        padding: [usize; 2],
    ) -> Self {
        let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = options;
        let after = [
            border_after(target.height, sh, kh, padding[0], source.height),
            border_after(target.width, sw, kw, padding[1], source.width),
        ];
        assert_eq!(source.channels, target.channels);
        assert_eq!([source.buffer.width, target.buffer.width], [LANES; 2]);
        assert!(source.fits(padding, after), "{source:?} has no room for {padding:?}, {after:?}");
        assert!(target.fits([0; 2], [0; 2]), "{target:?} is not in its buffer");
        Self { source, target, kind, options, padding }
    }

    fn planes(&self, images: usize) -> usize {
        images * self.target.blocks()
    }

    pub(crate) fn items(&self, images: usize, threads: usize) -> usize {
        if threads > 1 { self.planes(images).min(3 * threads) } else { 1 }
    }

    /// Computes one item: some blocks of some images.
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
        for plane in split_range(self.planes(context.images), item.items, item.item) {
            let (image, block) = (plane / blocks, plane % blocks);
            // SAFETY: both regions have this block and image, which no other item
            // writes.
            unsafe {
                zero_border(context, &self.target, image..image + 1, block..block + 1);
                for lane in (0..LANES).step_by(V::LANES) {
                    let place = [image, block, lane];
                    match self.kind {
                        PoolKind::Max => {
                            self.plane::<V>(
                                features,
                                context,
                                place,
                                |a, b| a.max(b),
                                |v| v,
                                |v| v,
                            );
                        }
                        PoolKind::Average => {
                            let [kh, kw] = self.options.kernel;
                            let scale = V::splat(features, 1.0 / (kh * kw) as f32);
                            let last = |v: V| v.multiply(scale);
                            self.plane::<V>(features, context, place, |a, b| a.add(b), |v| v, last);
                        }
                        PoolKind::L2 => {
                            let square = |v: V| v.multiply(v);
                            self.plane::<V>(
                                features,
                                context,
                                place,
                                |a, b| a.add(b),
                                square,
                                |v| roots(features, v),
                            );
                        }
                    }
                }
            }
        }
    }

    /// Pools the planes of `V::LANES` channels of a block: applies `first` to each value of a
    /// window, `join` between them and `last` to the result.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    #[inline(always)]
    unsafe fn plane<V: Vector<Element = f32>>(
        &self,
        features: V::Features,
        context: &PassContext<'_>,
        [image, block, lane]: [usize; 3],
        join: impl Fn(V, V) -> V,
        first: impl Fn(V) -> V,
        last: impl Fn(V) -> V,
    ) {
        let Pool2dOptions { kernel: [kh, kw], stride: [sh, sw] } = self.options;
        let row_step = self.source.buffer.row_step();
        for y in 0..self.target.height {
            let source = self.source.at(context.images, [image, block, y * sh, 0], self.padding);
            let target = self.target.at(context.images, [image, block, y, 0], [0; 2]);
            // SAFETY: the buffers contain the rows, padding included.
            unsafe {
                let source = context.memory.at(source + lane);
                let target = context.memory.at(target + lane);
                for x in 0..self.target.width {
                    let window = source.add(x * sw * LANES);
                    let mut value = first(V::load(features, window));
                    for i in 0..kh {
                        for j in usize::from(i == 0)..kw {
                            let next = V::load(features, window.add(i * row_step + j * LANES));
                            value = join(value, first(next));
                        }
                    }
                    last(value).store(target.add(x * LANES));
                }
            }
        }
    }
}

/// The square root of each lane.
#[inline(always)]
fn roots<V: Vector<Element = f32>>(features: V::Features, vector: V) -> V {
    let mut lanes = [0.0; LANES];
    vector.write_to(&mut lanes);
    V::read_from(features, &lanes.map(f32::sqrt))
}
