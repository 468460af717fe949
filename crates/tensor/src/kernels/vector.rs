//! The vectors of all machines behind one trait, so that kernels are written once.
//!
//! A kernel is generic over [`Vector`]. A [`SimdOp`] is compiled for every [`Level`], and
//! [`run_at`] calls the version of one level. All functions between that call and the
//! intrinsics must be `#[inline(always)]`; otherwise they are compiled for a machine without
//! these instructions.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Zmm;
pub(crate) use portable::Lanes;

use crate::Level;

/// A vector of a machine.
///
/// # Safety
/// `load` and `store` access no more than `LANES` values and require no alignment. Functions
/// may need CPU features, which the caller guarantees.
pub(crate) unsafe trait Vector: Copy {
    type Element: Copy;
    const LANES: usize;
    /// Rows and vectors of the largest block of sums that fits into the registers.
    const BLOCK: [usize; 2];
    /// Numbers in each element that [`accumulate`](Self::accumulate) reads: one f32, or two
    /// bf16.
    const PER_WORD: usize = 1;

    /// All lanes zero.
    unsafe fn zero() -> Self;
    /// All lanes `value`.
    unsafe fn splat(value: Self::Element) -> Self;
    /// `LANES` values from `source` on.
    unsafe fn load(source: *const Self::Element) -> Self;
    /// Writes `LANES` values from `target` on.
    unsafe fn store(self, target: *mut Self::Element);
    /// `self * factor + summand`, rounded once if the machine has an instruction for it.
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self;
    /// `self + other`.
    unsafe fn add(self, other: Self) -> Self;
    /// `self - other`.
    unsafe fn subtract(self, other: Self) -> Self;
    /// `self * other`.
    unsafe fn multiply(self, other: Self) -> Self;
    /// The maximum of each lane; NaN if `other` is NaN.
    unsafe fn max(self, other: Self) -> Self;
    /// Writes `LANES` numbers from `target` on, in `LANES / PER_WORD` elements as
    /// [`accumulate`](Self::accumulate) reads them.
    #[inline(always)]
    unsafe fn store_words(self, target: *mut Self::Element) {
        // SAFETY: guaranteed by the caller.
        unsafe { self.store(target) }
    }
    /// `self * factor + summand`; if elements are pairs of bf16, the sum of both products
    /// is added.
    #[inline(always)]
    unsafe fn multiply_words(self, factor: Self, summand: Self) -> Self {
        // SAFETY: guaranteed by the caller.
        unsafe { self.multiply_add(factor, summand) }
    }
    /// `sums[i][j] += Σ sources[i][first + t] weight[t step + j LANES ..]` over `t <
    /// length`: the innermost loop of inference.
    ///
    /// # Safety
    /// All of these values can be read.
    #[inline(always)]
    unsafe fn accumulate<const R: usize, const N: usize>(
        sums: &mut [[Self; N]; R],
        sources: &[*const Self::Element; R],
        first: usize,
        weight: *const Self::Element,
        step: usize,
        length: usize,
    ) {
        // SAFETY: the caller guarantees values and features.
        unsafe { accumulate(sums, sources, first, weight, step, length) }
    }
    /// Runs work as a function that is not inlined into the caller, so that it is compiled
    /// only once.
    unsafe fn call(work: impl SimdOp);
}

/// [`Vector::accumulate`] in compiled code.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn accumulate<V: Vector, const R: usize, const N: usize>(
    sums: &mut [[V; N]; R],
    sources: &[*const V::Element; R],
    first: usize,
    mut weight: *const V::Element,
    step: usize,
    length: usize,
) {
    // SAFETY: the caller guarantees values and features.
    unsafe {
        for t in first..first + length {
            let mut weights = [V::zero(); N];
            for j in 0..N {
                weights[j] = V::load(weight.wrapping_add(j * V::LANES));
            }
            for i in 0..R {
                let value = V::splat(*sources[i].add(t));
                for j in 0..N {
                    sums[i][j] = value.multiply_words(weights[j], sums[i][j]);
                }
            }
            weight = weight.wrapping_add(step);
        }
    }
}

/// Whether this machine has instructions for products of bf16 numbers.
pub(crate) fn has_bf16() -> bool {
    #[cfg(target_arch = "x86_64")]
    return Level::Avx512.is_available() && is_x86_feature_detected!("avx512bf16");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

/// Runs `work` on vectors whose elements are pairs of bf16 numbers.
///
/// # Panics
/// If this machine [does not have them](has_bf16).
#[inline]
pub(crate) fn run_bf16(work: impl SimdOp) {
    assert!(has_bf16(), "this machine does not have bf16 products");
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the features have just been detected.
    unsafe {
        avx512::run_bf16(work);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = work;
}

/// Work that is compiled for the vectors of every machine.
pub(crate) trait SimdOp {
    /// Runs it. Mark the implementation, and the functions that it calls,
    /// `#[inline(always)]`.
    ///
    /// # Safety
    /// The machine has the features of `V`.
    unsafe fn run<V: Vector<Element = f32>>(self);
}

/// Runs `work`, compiled for the vectors of `level`.
///
/// # Panics
/// If this machine does not have that level.
#[inline]
pub(crate) fn run_at(level: Level, work: impl SimdOp) {
    assert!(level.is_available(), "this machine does not have {level}");
    match level {
        // SAFETY: plain code needs no features.
        Level::Portable => unsafe { work.run::<Lanes<f32>>() },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `is_available` has just detected the features.
        Level::Avx2 => unsafe { avx2::run(work) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Level::Avx512 => unsafe { avx512::run(work) },
        #[cfg(not(target_arch = "x86_64"))]
        _ => unreachable!("{level} is available on x86-64 only"),
    }
}
