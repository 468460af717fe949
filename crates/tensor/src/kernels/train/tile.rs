//! The tile: the innermost loop of every training convolution, forward and backward.
//!
//! A tile is a small block of a matrix product, up to eight rows by three vectors
//! of sixteen columns, that stays in registers while it is summed:
//!
//! `C[i][j] (+)= Σ A[rows[i] + a] B[vectors[j / 16] + j % 16 + b]`
//!
//! over the pairs `(a, b)` of a [`SumOrder`]. Rows, vectors and pairs are offsets, so a
//! convolution can point them directly into its images: no patch is copied.
//! Each element of C is one sum in that order, wherever its tile begins
//! and whatever the vector width, so the bits do not depend on the division into tiles.
//!
//! An element is a number, or a word of two bf16 numbers that are multiplied by those of the
//! other word; sums are f32 then, too.
//!
//! The sums are computed in blocks that fit into the machine's registers: the whole tile
//! with AVX-512, four rows by two half vectors with AVX2, four rows by half a vector in
//! portable code that the compiler vectorizes. `f64`, which is for checking gradients, is
//! always portable.
//!
//! Lengths are checked here, once a tile; the loops use raw pointers.
#![allow(unsafe_code)]

mod element;

use super::products::Products;
use crate::kernels::packed_weight::VECTORS;
use crate::kernels::simd::{LANES, SimdOp, Vector, even_share};

pub(crate) use element::TileElement;

/// Most rows of a tile.
pub(crate) const ROWS: usize = 8;

/// Evenly spaced steps of a sum: `(a + t a_step, b + t b_step)` for `t < length`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    pub(crate) a: usize,
    pub(crate) b: usize,
    pub(crate) length: usize,
}

/// The order in which a tile's sum reads A and B.
#[derive(Clone, Debug)]
pub(crate) struct SumOrder {
    segments: Vec<Segment>,
    a_step: usize,
    b_step: usize,
    /// One beyond the greatest offset into A; zero if the sum is empty.
    a_end: usize,
    /// One beyond the greatest offset into B.
    b_end: usize,
}

impl SumOrder {
    /// Merges adjacent segments and records the range of offsets.
    pub(crate) fn new(
        parts: impl IntoIterator<Item = Segment>,
        a_step: usize,
        b_step: usize,
    ) -> Self {
        let mut segments: Vec<Segment> = Vec::new();
        let (mut a_end, mut b_end) = (0, 0);
        for part in parts.into_iter().filter(|part| part.length > 0) {
            a_end = a_end.max(part.a + (part.length - 1) * a_step + 1);
            b_end = b_end.max(part.b + (part.length - 1) * b_step + 1);
            match segments.last_mut() {
                Some(last)
                    if part.a == last.a + last.length * a_step
                        && part.b == last.b + last.length * b_step =>
                {
                    last.length += part.length;
                }
                _ => segments.push(part),
            }
        }
        Self { segments, a_step, b_step, a_end, b_end }
    }
}

/// One tile to compute.
#[derive(Debug)]
pub(crate) struct Tile<'a, T> {
    pub(crate) a: &'a [T],
    /// Offset of each row in `a`: one to [`ROWS`] of them.
    pub(crate) rows: &'a [usize],
    pub(crate) b: &'a [T],
    /// Offset of each vector in `b`: one to [`VECTORS`] of them.
    pub(crate) vectors: &'a [usize],
    pub(crate) order: &'a SumOrder,
    /// Rows of `LANES · vectors` values, `c_step` apart.
    pub(crate) c: &'a mut [T],
    pub(crate) c_step: usize,
    /// Whether to add to `c` or overwrite it.
    pub(crate) accumulate: bool,
}

impl<T: TileElement> Tile<'_, T> {
    /// Computes the tile; if `products` are of pairs, A and B hold words of pairs.
    ///
    /// # Panics
    /// If an offset is outside its slice.
    #[inline]
    pub(crate) fn run(mut self, products: Products) {
        self.check();
        T::run_tile(CheckedTile { tile: &mut self, products });
    }

    /// Panics unless every element that the sum reads exists.
    #[inline]
    fn check(&self) {
        let Self { a, rows, b, vectors, order, c, c_step, .. } = self;
        let columns = vectors.len() * LANES;
        assert!((1..=ROWS).contains(&rows.len()), "a tile of {} rows", rows.len());
        assert!((1..=VECTORS).contains(&vectors.len()), "a tile of {} vectors", vectors.len());
        assert!(
            rows.len() == 1 || *c_step >= columns,
            "rows of {columns} columns only {c_step} apart"
        );
        if order.segments.is_empty() {
            return assert!((rows.len() - 1) * c_step + columns <= c.len(), "C is too short");
        }
        let last_row = rows.iter().fold(0, |last, row| last.max(*row));
        let last_vector = vectors.iter().fold(0, |last, vector| last.max(*vector));
        let ends = [
            (last_row + order.a_end, a.len()),
            (last_vector + order.b_end + LANES - 1, b.len()),
            ((rows.len() - 1) * c_step + columns, c.len()),
        ];
        for (end, length) in ends {
            assert!(end <= length, "a tile reaches to {end} in a slice of {length}");
        }
    }
}

/// A tile that passed [`Tile::check`].
#[derive(Debug)]
pub struct CheckedTile<'a, 'b, T> {
    tile: &'a mut Tile<'b, T>,
    products: Products,
}

impl SimdOp for CheckedTile<'_, '_, f32> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, features: V::Features) {
        self.compute::<V>(features);
    }
}

impl<T> CheckedTile<'_, '_, T> {
    /// Computes the tile block by block.
    #[inline(always)]
    fn compute<V: Vector<Element = T>>(self, features: V::Features) {
        let [most_rows, most_vectors] = V::TRAINING_BLOCK;
        let rows = self.tile.rows.len();
        let columns = self.tile.vectors.len() * LANES;
        let mut row = 0;
        while row < rows {
            let some_rows = even_share(rows - row, most_rows);
            let mut column = 0;
            while column < columns {
                let vectors = even_share((columns - column) / V::LANES, most_vectors);
                // SAFETY: the tile was checked; `row + some_rows` and `column + vectors ·
                // V::LANES` are within it.
                unsafe {
                    match vectors {
                        1 => with_rows::<V, 1>(features, self.tile, some_rows, row, column),
                        2 if most_vectors > 1 => {
                            with_rows::<V, 2>(features, self.tile, some_rows, row, column);
                        }
                        _ if most_vectors > 2 => {
                            with_rows::<V, 3>(features, self.tile, some_rows, row, column);
                        }
                        _ => unreachable!("{vectors} vectors"),
                    }
                }
                column += vectors * V::LANES;
            }
            row += some_rows;
        }
    }
}

/// Calls [`block`] with the number of rows as a constant.
///
/// # Safety
/// As [`block`]; `rows` is one to [`ROWS`].
#[inline(always)]
unsafe fn with_rows<V: Vector, const N: usize>(
    features: V::Features,
    tile: &mut Tile<'_, V::Element>,
    rows: usize,
    row: usize,
    column: usize,
) {
    let [most, _] = V::TRAINING_BLOCK;
    // SAFETY: guaranteed by the caller.
    unsafe {
        match rows {
            1 => block::<V, 1, N>(features, tile, row, column),
            2 => block::<V, 2, N>(features, tile, row, column),
            3 => block::<V, 3, N>(features, tile, row, column),
            4 => block::<V, 4, N>(features, tile, row, column),
            5 if most >= 5 => block::<V, 5, N>(features, tile, row, column),
            6 if most >= 6 => block::<V, 6, N>(features, tile, row, column),
            7 if most >= 7 => block::<V, 7, N>(features, tile, row, column),
            8 if most >= 8 => block::<V, 8, N>(features, tile, row, column),
            _ => unreachable!("{rows} rows"),
        }
    }
}

/// `R` rows from `row` on and `N` machine vectors from `column` on of a tile.
///
/// # Safety
/// [`Tile::check`] has passed, `row + R` is at most the tile's rows and `column +
/// N · V::LANES` at most its columns, with `V::LANES` dividing [`LANES`] and `column`.
#[inline(always)]
unsafe fn block<V: Vector, const R: usize, const N: usize>(
    features: V::Features,
    tile: &mut Tile<'_, V::Element>,
    row: usize,
    column: usize,
) {
    let SumOrder { segments, a_step, b_step, .. } = tile.order;
    // SAFETY: `check` holds that `rows[i] + a` and `vectors[j / LANES] + j % LANES + b`
    // are inside `a` and `b` for every step of the sum, and that R rows of N vectors
    // are inside `c`. Steps are enumerated as in `SumOrder::new`, which computed the ends.
    // The pointers of a loop's last increment are not read; they are formed by
    // `wrapping_add`, which may leave the slice.
    unsafe {
        // Loops rather than closures, which are compiled without this machine's vectors where
        // the compiler does not inline them.
        let mut rows = [std::ptr::null::<V::Element>(); R];
        for i in 0..R {
            rows[i] = tile.a.as_ptr().add(*tile.rows.get_unchecked(row + i));
        }
        let mut vectors = [std::ptr::null::<V::Element>(); N];
        for j in 0..N {
            let at = column + j * V::LANES;
            vectors[j] = tile.b.as_ptr().add(*tile.vectors.get_unchecked(at / LANES) + at % LANES);
        }
        let mut sums = [[V::zero(features); N]; R];
        for segment in segments {
            let mut a = segment.a;
            let mut b = segment.b;
            for _ in 0..segment.length {
                let mut columns = [V::zero(features); N];
                for j in 0..N {
                    columns[j] = V::load(features, vectors[j].wrapping_add(b));
                }
                for i in 0..R {
                    let value = V::splat(features, *rows[i].wrapping_add(a));
                    for j in 0..N {
                        sums[i][j] = value.multiply_words(columns[j], sums[i][j]);
                    }
                }
                a += a_step;
                b += b_step;
            }
        }
        let c = tile.c.as_mut_ptr().add(row * tile.c_step + column);
        for i in 0..R {
            for j in 0..N {
                let target = c.add(i * tile.c_step + j * V::LANES);
                let sum = if tile.accumulate {
                    V::load(features, target.cast_const()).add(sums[i][j])
                } else {
                    sums[i][j]
                };
                sum.store(target);
            }
        }
    }
}

#[cfg(test)]
mod tests;
