//! The transforms, for the points 0, ±1 (, ±2) and infinity.
//!
//! The forms with six points, F(4, 3), F(3, 4) and F(2, 5), share one transform of the
//! source, `Bᵀ`; `Aᵀ` of F(m, 7 - m) is the first m rows of
//!
//! ```text
//! 1  1  1  1  1  0
//! 0  1 -1  2 -2  0
//! 0  1  1  4  4  0
//! 0  1 -1  8 -8  0
//! ```
//!
//! with a one at the end of its last row. F(2, 3), with four points, omits ±2.
#![allow(unsafe_code)]

use super::super::region::Buffer;
use crate::kernels::simd::{LANES, Vector};

/// A form F(m×m, r×r).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    F4X3,
    F3X4,
    F2X5,
    F2X3,
}

impl Form {
    /// m: rows and columns of an output tile.
    pub(crate) const fn tile(self) -> usize {
        match self {
            Self::F4X3 => 4,
            Self::F3X4 => 3,
            Self::F2X5 | Self::F2X3 => 2,
        }
    }

    /// r: rows and columns of the kernel.
    pub(crate) const fn kernel(self) -> usize {
        match self {
            Self::F4X3 | Self::F2X3 => 3,
            Self::F3X4 => 4,
            Self::F2X5 => 5,
        }
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::F4X3 => "F(4x4, 3x3)",
            Self::F3X4 => "F(3x3, 4x4)",
            Self::F2X5 => "F(2x2, 5x5)",
            Self::F2X3 => "F(2x2, 3x3)",
        }
    }

    /// n: rows and columns of a tile of the source.
    pub(crate) const fn side(self) -> usize {
        self.tile() + self.kernel() - 1
    }

    /// Products for a tile and channel.
    pub(crate) const fn points(self) -> usize {
        self.side() * self.side()
    }

    /// Tiles of an output of this height and width.
    fn tiles(self, output: [usize; 2]) -> [usize; 2] {
        output.map(|size| size.div_ceil(self.tile()))
    }

    /// Rows and columns that the last tiles of an output read behind the source.
    pub(crate) fn border_after(
        self,
        source: [usize; 2],
        output: [usize; 2],
        padding: [usize; 2],
    ) -> [usize; 2] {
        let seen = self.tiles(output).map(|tiles| tiles * self.tile() + self.kernel() - 1);
        [0, 1].map(|axis| seen[axis].saturating_sub(padding[axis] + source[axis]))
    }

    /// The buffer of a transformed source of `channels`.
    pub(crate) fn transformed_buffer(self, channels: usize, output: [usize; 2]) -> Buffer {
        let [down, across] = self.tiles(output);
        Buffer {
            width: channels.next_multiple_of(LANES),
            blocks: 1,
            rows: down * across,
            columns: self.points(),
            offset: 0,
        }
    }
}

/// `Bᵀ d B` of `N × N` pixels of a vector of channels, in the number format of products.
///
/// # Safety
/// The source can be read at all pixels, whose rows and columns are `steps` values apart,
/// and the target can be written at all points, which are `point_step` values apart.
#[inline(always)]
pub(super) unsafe fn source_tile<V: Vector<Element = f32>, const N: usize>(
    features: V::Features,
    source: *const f32,
    steps: [usize; 2],
    target: *mut f32,
    point_step: usize,
) {
    let mut columns = [[V::zero(features); N]; N];
    // Loops over counters: closures of `array::from_fn` may not be inlined, and then
    // they are compiled for a machine without these vectors.
    for x in 0..N {
        let mut pixels = [V::zero(features); N];
        for y in 0..N {
            let pixel = source.wrapping_add(y * steps[0] + x * steps[1]);
            // SAFETY: the caller guarantees all pixels.
            pixels[y] = unsafe { V::load(features, pixel) };
        }
        columns[x] = transform_source(features, pixels);
    }
    for y in 0..N {
        let mut row = [V::zero(features); N];
        for x in 0..N {
            row[x] = columns[x][y];
        }
        let row = transform_source(features, row);
        for x in 0..N {
            // SAFETY: the caller guarantees all points.
            unsafe { row[x].store_words(target.wrapping_add((y * N + x) * point_step)) };
        }
    }
}

/// `Bᵀ d` of one row or column.
#[inline(always)]
fn transform_source<V: Vector<Element = f32>, const N: usize>(
    features: V::Features,
    d: [V; N],
) -> [V; N] {
    let mut t = d;
    if N == 4 {
        t[0] = d[0].subtract(d[2]);
        t[1] = d[1].add(d[2]);
        t[2] = d[2].subtract(d[1]);
        t[3] = d[3].subtract(d[1]);
        return t;
    }
    let [two, minus_four, four, minus_five] = [
        V::splat(features, 2.0),
        V::splat(features, -4.0),
        V::splat(features, 4.0),
        V::splat(features, -5.0),
    ];
    let even = d[2].multiply_add(minus_four, d[4]);
    let odd = d[1].multiply_add(minus_four, d[3]);
    let far_even = d[4].subtract(d[2]);
    let far_odd = d[3].subtract(d[1]);
    t[0] = d[0].multiply_add(four, d[2].multiply_add(minus_five, d[4]));
    t[1] = even.add(odd);
    t[2] = even.subtract(odd);
    t[3] = far_odd.multiply_add(two, far_even);
    t[4] = far_even.subtract(far_odd.add(far_odd));
    t[5] = d[1].multiply_add(four, d[3].multiply_add(minus_five, d[5]));
    t
}

/// `Aᵀ s A` of a tile's sums, with bias and activation.
pub(super) struct OutputTransform<V> {
    /// The sums of the first point; those of the others are `point_step` values apart.
    pub(super) sums: *const f32,
    pub(super) point_step: usize,
    pub(super) target: *mut f32,
    pub(super) row_step: usize,
    /// Rows and columns of the target from this tile on; a tile may extend beyond them.
    pub(super) size: [usize; 2],
    pub(super) bias: V,
    pub(super) floor: V,
}

impl<V: Vector<Element = f32>> OutputTransform<V> {
    /// Transforms `N × N` sums into up to `M × M` pixels.
    ///
    /// # Safety
    /// The sums can be read and the target written as the fields describe.
    #[inline(always)]
    pub(super) unsafe fn run<const N: usize, const M: usize>(self, features: V::Features) {
        let [rows, columns] = self.size.map(|size| size.min(M));
        let mut halves = [[V::zero(features); N]; M];
        for x in 0..N {
            let mut sums = [V::zero(features); N];
            for y in 0..N {
                let sum = self.sums.wrapping_add((y * N + x) * self.point_step);
                // SAFETY: the caller guarantees the sums.
                sums[y] = unsafe { V::load(features, sum) };
            }
            let values: [V; M] = transform_sums(features, sums);
            for y in 0..M {
                halves[y][x] = values[y];
            }
        }
        for y in 0..M {
            if y < rows {
                let row = self.target.wrapping_add(y * self.row_step);
                let values: [V; M] = transform_sums(features, halves[y]);
                for x in 0..M {
                    if x < columns {
                        let value = self.floor.max(values[x].add(self.bias));
                        // SAFETY: the caller guarantees the target; pixels beyond it are not
                        // written.
                        unsafe { value.store(row.wrapping_add(x * LANES)) };
                    }
                }
            }
        }
    }
}

/// `Aᵀ s` of one row or column.
#[inline(always)]
fn transform_sums<V: Vector<Element = f32>, const N: usize, const M: usize>(
    features: V::Features,
    s: [V; N],
) -> [V; M] {
    let mut y = [V::zero(features); M];
    let near_even = s[1].add(s[2]);
    let near_odd = s[1].subtract(s[2]);
    if N == 4 {
        y[0] = s[0].add(near_even);
        y[1] = near_odd.add(s[3]);
        return y;
    }
    let far_even = s[3].add(s[4]);
    let far_odd = s[3].subtract(s[4]);
    y[0] = s[0].add(near_even).add(far_even);
    y[1] = far_odd.multiply_add(V::splat(features, 2.0), near_odd);
    if M > 2 {
        y[2] = far_even.multiply_add(V::splat(features, 4.0), near_even);
    }
    if M > 3 {
        y[3] = far_odd.multiply_add(V::splat(features, 8.0), near_odd);
    }
    y[M - 1] = y[M - 1].add(s[5]);
    y
}
