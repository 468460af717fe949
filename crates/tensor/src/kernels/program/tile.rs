//! The innermost loop of every convolution of a program.
//!
//! A tile is up to [`ROWS`] pixels by up to three vectors of output channels:
//!
//! `target[i][j] = max(floor, bias[j] + Σ source[i][a] weight[b][j])`
//!
//! The sum is over the values `a` of the segments of the source (for example the sixteen
//! channels of a tap) and the successive rows `b` of the packed weights. All sums stay in
//! registers from the bias to the store: with AVX-512, 27 of the 32. Each sum has the order
//! of the weights, so its bits do not depend on the tile that it is part of.
//!
//! Training has another tile, [`crate::kernels::train::tile`], because it needs bounds checks,
//! operands in any order and sums in several parts.
#![allow(unsafe_code)]

use crate::kernels::simd::{LANES, SimdOp, Vector, even_share};

/// Most rows of a tile: 9 divides the number of pixels of every stage of the network.
pub(crate) const ROWS: usize = 9;

/// Contiguous values of the source, which are multiplied by successive rows of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// From the beginning of the tile's row.
    pub(crate) offset: usize,
    pub(crate) length: usize,
}

/// Merges adjacent segments.
pub(crate) fn merge_adjacent(segments: impl IntoIterator<Item = Segment>) -> Vec<Segment> {
    let mut merged: Vec<Segment> = Vec::new();
    for segment in segments.into_iter().filter(|segment| segment.length > 0) {
        match merged.last_mut() {
            Some(last) if last.offset + last.length == segment.offset => {
                last.length += segment.length;
            }
            _ => merged.push(segment),
        }
    }
    merged
}

/// One tile to compute.
#[derive(Clone, Copy)]
pub(crate) struct Tile<'a> {
    /// The beginning of each row in the source; the first `rows` are used.
    pub(crate) sources: [*const f32; ROWS],
    /// The first vector of each row in the target.
    pub(crate) targets: [*mut f32; ROWS],
    pub(crate) rows: usize,
    /// Vectors of output channels, one to three.
    pub(crate) vectors: usize,
    /// Distance between the vectors of a row of the target.
    pub(crate) target_step: usize,
    pub(crate) segments: &'a [Segment],
    /// `vectors · LANES` values for each step of the segments.
    pub(crate) weight: *const f32,
    /// `vectors · LANES` values.
    pub(crate) bias: *const f32,
    /// Zero for ReLU, negative infinity for none.
    pub(crate) floor: f32,
    pub(crate) points: Points,
}

/// Repetitions of a tile on other values: for Winograd's method, one for each point. The
/// weights of the points follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Points {
    pub(crate) count: usize,
    /// Distance between the sources of two points.
    pub(crate) source_step: usize,
    /// Distance between the targets of two points.
    pub(crate) target_step: usize,
}

impl Points {
    /// No repetition.
    pub(crate) const ONE: Self = Self { count: 1, source_step: 0, target_step: 0 };
}

impl<'a> Tile<'a> {
    /// The tile as an operation.
    ///
    /// # Safety
    /// `rows` is at most [`ROWS`], `vectors` one to three; until the operation has run, the
    /// sources, weights and bias can be read and the targets written as the fields describe,
    /// and no other thread accesses the targets.
    #[inline(always)]
    pub(crate) unsafe fn assume_valid(self) -> ValidTile<'a> {
        ValidTile(self)
    }
}

/// A [`Tile`] whose pointers the caller of [`Tile::assume_valid`] vouched for.
#[derive(Clone, Copy)]
pub(crate) struct ValidTile<'a>(Tile<'a>);

impl SimdOp for ValidTile<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, features: V::Features) {
        let tile = &self.0;
        let most_vectors = V::BLOCK.iter().filter(|rows| **rows > 0).count();
        let vectors = tile.vectors * (LANES / V::LANES);
        let mut vector = 0;
        while vector < vectors {
            let some = even_share(vectors - vector, most_vectors);
            let most_rows = V::BLOCK[some - 1];
            let mut row = 0;
            while row < tile.rows {
                let rows = even_share(tile.rows - row, most_rows);
                // SAFETY: the tile is valid; `row + rows` and `vector + some` are within it.
                unsafe {
                    match some {
                        1 => tile.with_rows::<V, 1>(features, rows, row, vector),
                        2 if V::BLOCK[1] > 0 => {
                            tile.with_rows::<V, 2>(features, rows, row, vector);
                        }
                        3 if V::BLOCK[2] > 0 => {
                            tile.with_rows::<V, 3>(features, rows, row, vector);
                        }
                        _ => unreachable!("{some} vectors"),
                    }
                }
                row += rows;
            }
            vector += some;
        }
    }
}

impl Tile<'_> {
    /// Calls [`block`](Self::block) with the number of rows as a constant.
    ///
    /// # Safety
    /// As [`block`](Self::block); `rows` is one to [`ROWS`].
    #[inline(always)]
    unsafe fn with_rows<V: Vector<Element = f32>, const N: usize>(
        &self,
        features: V::Features,
        rows: usize,
        row: usize,
        vector: usize,
    ) {
        let most = V::BLOCK[N - 1];
        // SAFETY: guaranteed by the caller.
        unsafe {
            match rows {
                1 => self.block::<V, 1, N>(features, row, vector),
                2 => self.block::<V, 2, N>(features, row, vector),
                3 => self.block::<V, 3, N>(features, row, vector),
                4 if most >= 4 => self.block::<V, 4, N>(features, row, vector),
                5 if most >= 5 => self.block::<V, 5, N>(features, row, vector),
                6 if most >= 6 => self.block::<V, 6, N>(features, row, vector),
                7 if most >= 7 => self.block::<V, 7, N>(features, row, vector),
                8 if most >= 8 => self.block::<V, 8, N>(features, row, vector),
                9 if most >= 9 => self.block::<V, 9, N>(features, row, vector),
                _ => unreachable!("{rows} rows"),
            }
        }
    }

    /// `R` rows from `row` on, `N` machine vectors from `vector` on.
    ///
    /// # Safety
    /// The tile is valid, see [`assume_valid`](Self::assume_valid), and contains the block.
    #[inline(always)]
    unsafe fn block<V: Vector<Element = f32>, const R: usize, const N: usize>(
        &self,
        features: V::Features,
        row: usize,
        vector: usize,
    ) {
        let step = self.vectors * LANES;
        let column = vector * V::LANES;
        // SAFETY: the caller guarantees that the segments are inside the source and that
        // weight and bias hold `step` values for each of theirs; `column + N V::LANES` is
        // at most `step`. The weights' pointer after the last step is at most one past
        // their end, and not read.
        unsafe {
            let mut sources = [std::ptr::null(); R];
            for i in 0..R {
                sources[i] = *self.sources.get_unchecked(row + i);
            }
            let mut weight = self.weight.wrapping_add(column);
            for point in 0..self.points.count {
                let mut sums = [[V::zero(features); N]; R];
                for j in 0..N {
                    let bias = V::load(features, self.bias.add(column + j * V::LANES));
                    for i in 0..R {
                        sums[i][j] = bias;
                    }
                }
                for segment in self.segments {
                    let first = point * self.points.source_step + segment.offset;
                    let length = segment.length;
                    V::accumulate(features, &mut sums, &sources, first, weight, step, length);
                    weight = weight.wrapping_add(length * step);
                }
                let floor = V::splat(features, self.floor);
                // Loops over counters, which the compiler unrolls; iterators over the sums
                // would move them from registers to memory.
                for i in 0..R {
                    let target = *self.targets.get_unchecked(row + i);
                    let target = target.wrapping_add(point * self.points.target_step);
                    for j in 0..N {
                        let at = column + j * V::LANES;
                        let at = at / LANES * self.target_step + at % LANES;
                        floor.max(sums[i][j]).store(target.wrapping_add(at));
                    }
                }
            }
        }
    }
}

/// The bias of a product without a bias.
pub(crate) const NO_BIAS: [f32; 3 * LANES] = [0.0; 3 * LANES];
