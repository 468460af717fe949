//! Tiles with 512-bit vectors: the whole tile stays in the 32 registers.

use std::arch::x86_64::*;

use super::{Tile, TileKernel, Vector, part, with_rows};

/// The kernel, if the machine has AVX-512.
pub(super) fn kernel() -> Option<TileKernel<f32>> {
    is_x86_feature_detected!("avx512f").then_some(TileKernel { function: tile })
}

/// # Safety
/// [`Tile::check`] has passed and the machine has AVX-512F.
#[target_feature(enable = "avx512f")]
unsafe fn tile(tile: &mut Tile<'_, f32>) {
    // SAFETY: the caller vouches for check and features; all rows and all vectors of
    // the tile are computed, no more.
    unsafe {
        match tile.vectors.len() {
            1 => with_rows!(tile.rows.len(), __m512, 1, tile, 0, 0; 1 2 3 4 5 6 7 8),
            2 => with_rows!(tile.rows.len(), __m512, 2, tile, 0, 0; 1 2 3 4 5 6 7 8),
            _ => with_rows!(tile.rows.len(), __m512, 3, tile, 0, 0; 1 2 3 4 5 6 7 8),
        }
    }
}

// SAFETY: each function is one instruction on 16 lanes; the loads and stores are the
// unaligned ones.
unsafe impl Vector for __m512 {
    type Element = f32;
    const LANES: usize = 16;

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller vouches for AVX-512F.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as above.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller vouches for 16 values.
        unsafe { _mm512_loadu_ps(source) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller vouches for 16 values.
        unsafe { _mm512_storeu_ps(target, self) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm512_fmadd_ps(self, factor, summand) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm512_add_ps(self, other) }
    }
}
