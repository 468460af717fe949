//! 512-bit vectors: sixteen values, 32 registers.

mod nine_rows;

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
    unsafe fn accumulate<const R: usize, const N: usize>(
        sums: &mut [[Self; N]; R],
        sources: &[*const f32; R],
        first: usize,
        weight: *const f32,
        step: usize,
        length: usize,
    ) {
        if R == 9 && (N == 2 || N == 3) && length > 0 && step == N * Self::LANES {
            let sums = std::ptr::from_mut(sums);
            // SAFETY: the caller vouches for values and features; the casts are between
            // equal types, as R and N are held to be just these.
            unsafe {
                let sources = &*std::ptr::from_ref(sources).cast();
                match N {
                    2 => nine_rows::by_two(&mut *sums.cast(), sources, first, weight, length),
                    _ => nine_rows::by_three(&mut *sums.cast(), sources, first, weight, length),
                }
            }
        } else {
            // SAFETY: the caller vouches for values and features.
            unsafe { super::accumulate(sums, sources, first, weight, step, length) }
        }
    }

    #[inline(always)]
    unsafe fn call(work: impl Vectorised) {
        // SAFETY: as in `zero`.
        unsafe { run(work) }
    }
}
