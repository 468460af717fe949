//! 512-bit vectors: sixteen values, 32 registers.

mod nine_rows;

use std::arch::x86_64::*;

use super::{SimdOp, Vector};

/// Sixteen values; with `PAIRS`, each operand of a product is a pair of bf16 numbers.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Zmm<const PAIRS: bool>(__m512);

/// Runs work with these vectors.
///
/// # Safety
/// The machine has these features.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
pub(super) unsafe fn run(work: impl SimdOp) {
    // SAFETY: the caller guarantees the features.
    unsafe { work.run::<Zmm<false>>() }
}

/// Runs work with products of bf16 pairs.
///
/// # Safety
/// The machine has these features.
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,avx512bf16")]
pub(super) unsafe fn run_bf16(work: impl SimdOp) {
    // SAFETY: the caller guarantees the features.
    unsafe { work.run::<Zmm<true>>() }
}

// SAFETY: each function is one instruction on 16 lanes; the loads and stores are the
// unaligned ones.
unsafe impl<const PAIRS: bool> Vector for Zmm<PAIRS> {
    type Element = f32;
    const LANES: usize = 16;
    // 27 sums, three vectors and a value of the row: 31 registers.
    const BLOCK: [usize; 2] = [9, 3];
    const PER_WORD: usize = if PAIRS { 2 } else { 1 };

    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the caller guarantees AVX-512F.
        unsafe { Self(_mm512_setzero_ps()) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_set1_ps(value)) }
    }

    #[inline(always)]
    unsafe fn load(source: *const f32) -> Self {
        // SAFETY: the caller guarantees 16 values.
        unsafe { Self(_mm512_loadu_ps(source)) }
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller guarantees 16 values.
        unsafe { _mm512_storeu_ps(target, self.0) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_fmadd_ps(self.0, factor.0, summand.0)) }
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_add_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_sub_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_mul_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        // SAFETY: as in `zero`.
        unsafe { Self(_mm512_max_ps(self.0, other.0)) }
    }

    #[inline(always)]
    unsafe fn store_words(self, target: *mut f32) {
        // SAFETY: the caller guarantees 16 words or 8 pairs.
        unsafe {
            if PAIRS {
                let pairs: __m256i = std::mem::transmute(_mm512_cvtneps_pbh(self.0));
                _mm256_storeu_si256(target.cast(), pairs);
            } else {
                self.store(target);
            }
        }
    }

    #[inline(always)]
    unsafe fn multiply_words(self, factor: Self, summand: Self) -> Self {
        // SAFETY: as in `zero`, and the caller guarantees bf16 if `PAIRS`; all 512-bit
        // vector types have the same size and any bits are valid.
        unsafe {
            if PAIRS {
                // Not by `map`, whose closure might not be inlined.
                let own: __m512bh = std::mem::transmute(self.0);
                let other: __m512bh = std::mem::transmute(factor.0);
                Self(_mm512_dpbf16_ps(summand.0, own, other))
            } else {
                self.multiply_add(factor, summand)
            }
        }
    }

    #[inline(always)]
    unsafe fn accumulate<const R: usize, const N: usize>(
        sums: &mut [[Self; N]; R],
        sources: &[*const f32; R],
        first: usize,
        weight: *const f32,
        step: usize,
        length: usize,
    ) {
        if R == 9 && (N == 2 || N == 3) && length > 0 && step == N * Self::LANES {
            let by_hand = match (N, PAIRS) {
                (2, false) => nine_rows::by_two,
                (2, true) => nine_rows::by_two_in_pairs,
                (_, false) => nine_rows::by_three,
                (_, true) => nine_rows::by_three_in_pairs,
            };
            // SAFETY: the caller guarantees values and features; R and N were just compared
            // with those of these functions.
            unsafe { by_hand(sums.as_mut_ptr().cast(), sources.as_ptr(), first, weight, length) }
        } else {
            // SAFETY: the caller guarantees values and features.
            unsafe { super::accumulate(sums, sources, first, weight, step, length) }
        }
    }

    #[inline(always)]
    unsafe fn call(work: impl SimdOp) {
        // SAFETY: as in `zero`, and the caller guarantees bf16 if `PAIRS`.
        unsafe { if PAIRS { run_bf16(work) } else { run(work) } }
    }
}
