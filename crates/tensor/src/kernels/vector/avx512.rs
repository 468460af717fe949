//! 512-bit vectors: sixteen values, 32 registers.

use std::arch::x86_64::*;

use super::{Vector, Vectorised};

/// Runs work with these vectors.
///
/// # Safety
/// The machine has these features.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
pub(super) unsafe fn run(work: impl Vectorised) {
    // SAFETY: the caller vouches for the features.
    unsafe { work.run::<__m512>() }
}

// SAFETY: each function is one instruction on 16 lanes; the loads and stores are the
// unaligned ones.
unsafe impl Vector for __m512 {
    type Element = f32;
    const LANES: usize = 16;
    // 27 sums, three vectors and a value of the row: 31 registers.
    const BLOCK: [usize; 2] = [9, 3];

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller vouches for AVX-512F.
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as in `zero`.
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

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm512_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm512_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm512_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn prefetch(address: *const f32) {
        // SAFETY: a prefetch of any address is allowed.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address.cast()) }
    }
}
