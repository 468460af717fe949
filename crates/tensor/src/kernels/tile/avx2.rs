//! Tiles with 256-bit vectors: parts of four rows by three vectors of eight, twelve
//! of the sixteen registers for sums.

use std::arch::x86_64::*;

use super::{LANES, Tile, TileKernel, Vector, part, with_rows};

/// The kernel, if the machine has AVX2 and FMA.
pub(super) fn kernel() -> Option<TileKernel<f32>> {
    let detected = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    detected.then_some(TileKernel { function: tile })
}

/// # Safety
/// [`Tile::check`] has passed and the machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile(tile: &mut Tile<'_, f32>) {
    let rows = tile.rows.len();
    let columns = tile.vectors.len() * LANES;
    for row in (0..rows).step_by(4) {
        let some = (rows - row).min(4);
        let mut column = 0;
        while column < columns {
            let vectors = ((columns - column) / 8).min(3);
            // SAFETY: the caller vouches for check and features; `row + some` and
            // `column + 8 vectors` were just held within the tile.
            unsafe {
                match vectors {
                    1 => with_rows!(some, __m256, 1, tile, row, column; 1 2 3 4),
                    2 => with_rows!(some, __m256, 2, tile, row, column; 1 2 3 4),
                    _ => with_rows!(some, __m256, 3, tile, row, column; 1 2 3 4),
                }
            }
            column += vectors * 8;
        }
    }
}

// SAFETY: each function is one instruction on 8 lanes; the loads and stores are the
// unaligned ones.
unsafe impl Vector for __m256 {
    type Element = f32;
    const LANES: usize = 8;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller vouches for AVX2 and FMA.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as above.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller vouches for 8 values.
        unsafe { _mm256_loadu_ps(source) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller vouches for 8 values.
        unsafe { _mm256_storeu_ps(target, self) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_fmadd_ps(self, factor, summand) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_add_ps(self, other) }
    }
}
