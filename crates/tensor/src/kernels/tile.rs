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
//! Implementations, selected once a call: AVX-512 (the whole tile in registers), AVX2 with
//! FMA (the tile in parts of four rows by three half vectors) and portable code that
//! the compiler vectorizes. `f64`, which is for checking gradients, is always portable.
//!
//! Lengths are checked here, once a tile; the loops use raw pointers.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

use super::vector::Vector;
use crate::Level;

/// Values of a vector, on every machine.
pub(crate) const LANES: usize = 16;
/// Most rows of a tile.
pub(crate) const ROWS: usize = 8;
/// Most vectors of a row of a tile.
pub(crate) const VECTORS: usize = 3;

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

/// An implementation of tiles that this machine can run.
#[derive(Clone, Copy, Debug)]
pub struct TileKernel<T> {
    /// Requires that [`Tile::check`] has passed and the machine has the kernel's features.
    function: unsafe fn(&mut Tile<'_, T>),
}

impl<T> TileKernel<T> {
    /// Computes a tile.
    ///
    /// # Panics
    /// If an offset leads outside its slice.
    #[inline]
    pub(crate) fn run(self, mut tile: Tile<'_, T>) {
        tile.check();
        // SAFETY: the tile was just checked; a `TileKernel` is made only by
        // `kernel_of`, once the level was found to be available.
        unsafe { (self.function)(&mut tile) }
    }
}

impl<T> Tile<'_, T> {
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

/// Divides vectors into the widths of tiles: threes, but two twos rather than three and
/// one.
pub(crate) fn tile_widths(vectors: usize) -> Vec<usize> {
    let mut widths = vec![VECTORS; vectors / VECTORS];
    match (vectors % VECTORS, widths.len()) {
        (0, _) => {}
        (1, 1..) => {
            widths.pop();
            widths.extend([2, 2]);
        }
        (rest, _) => widths.push(rest),
    }
    widths
}

/// Element types of tiles: `f32` and `f64`.
pub trait TileElement: Sized {
    /// The fastest kernel that this machine can run.
    fn tile_kernel() -> TileKernel<Self>;
}

impl TileElement for f32 {
    fn tile_kernel() -> TileKernel<Self> {
        kernel_of(Level::best()).unwrap_or_else(portable::kernel)
    }
}

/// The kernel of a level, if this machine has it.
fn kernel_of(level: Level) -> Option<TileKernel<f32>> {
    match level {
        #[cfg(target_arch = "x86_64")]
        Level::Avx512 => level.is_available().then(avx512::kernel),
        #[cfg(target_arch = "x86_64")]
        Level::Avx2 => level.is_available().then(avx2::kernel),
        Level::Portable => Some(portable::kernel()),
        #[cfg(not(target_arch = "x86_64"))]
        _ => None,
    }
}

impl TileElement for f64 {
    fn tile_kernel() -> TileKernel<Self> {
        portable::kernel()
    }
}

/// `R` rows from `row` on and `N` machine vectors from `column` on of a tile.
///
/// # Safety
/// [`Tile::check`] has passed, `row + R` is at most the tile's rows and `column +
/// N · V::LANES` at most its columns, with `V::LANES` dividing [`LANES`] and
/// `column`. The machine has the features of `V`.
#[inline(always)]
unsafe fn part<V: Vector, const R: usize, const N: usize>(
    tile: &mut Tile<'_, V::Element>,
    row: usize,
    column: usize,
) {
    let SumOrder { segments, a_step, b_step, .. } = tile.order;
    // SAFETY: `check` holds that `rows[i] + a` and `vectors[j / LANES] + j % LANES + b`
    // are inside `a` and `b` for every step of the sum, and that R rows of N vectors
    // are inside `c`. Steps are enumerated as in `SumOrder::new`, which computed the ends. The
    // pointers of a loop's last increment are not read; they are formed by
    // `wrapping_add`, which may leave the slice.
    unsafe {
        let rows: [*const V::Element; R] =
            std::array::from_fn(|i| tile.a.as_ptr().add(*tile.rows.get_unchecked(row + i)));
        let vectors: [*const V::Element; N] = std::array::from_fn(|j| {
            let at = column + j * V::LANES;
            tile.b.as_ptr().add(*tile.vectors.get_unchecked(at / LANES) + at % LANES)
        });
        let mut sums = [[V::zero(); N]; R];
        for segment in segments {
            let mut a = segment.a;
            let mut b = segment.b;
            for _ in 0..segment.length {
                let columns: [V; N] = std::array::from_fn(|j| V::load(vectors[j].wrapping_add(b)));
                for i in 0..R {
                    let value = V::splat(*rows[i].wrapping_add(a));
                    for j in 0..N {
                        sums[i][j] = value.multiply_add(columns[j], sums[i][j]);
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
                    V::load(target.cast_const()).add(sums[i][j])
                } else {
                    sums[i][j]
                };
                sum.store(target);
            }
        }
    }
}

/// Calls [`part`] with the number of rows as a constant.
macro_rules! with_rows {
    ($rows:expr, $vector:ty, $n:literal, $tile:expr, $row:expr, $column:expr; $($r:literal)*) => {
        match $rows {
            $($r => part::<$vector, $r, $n>($tile, $row, $column),)*
            rows => unreachable!("a tile part of {rows} rows"),
        }
    };
}
use with_rows;

#[cfg(test)]
mod tests;
