//! 256-bit vectors: eight values, 16 registers.

use std::arch::x86_64::*;

use super::{SimdOp, Vector};

/// Runs work with these vectors.
///
/// # Safety
/// The machine has these features.
#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn run(work: impl SimdOp) {
    // SAFETY: the caller guarantees the features.
    unsafe { work.run::<__m256>() }
}

// SAFETY: each function is one instruction on 8 lanes; the loads and stores are the
// unaligned ones.
unsafe impl Vector for __m256 {
    type Element = f32;
    const LANES: usize = 8;
    // Twelve sums, two vectors and a value of the row: 15 registers.
    const BLOCK: [usize; 2] = [6, 2];

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller guarantees AVX2 and FMA.
        unsafe { _mm256_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller guarantees 8 values.
        unsafe { _mm256_loadu_ps(source) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller guarantees 8 values.
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

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_sub_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_mul_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { _mm256_max_ps(self, other) }
    }

    #[inline(always)]
    unsafe fn call(work: impl SimdOp) {
        // SAFETY: as in `zero`.
        unsafe { run(work) }
    }
}
