//! 512-bit vectors: sixteen values, 32 registers.

use std::arch::x86_64::*;
use std::marker::PhantomData;
use std::mem::transmute;

use super::{Features, SimdOp, Vector, nine_rows};
use crate::kernels::transpose::{CheckedPairs, CheckedTranspose, avx512, pairs_avx512};

/// Proof that this machine has AVX-512 F, VL, BW and DQ, and with them AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx512(());

/// Proof that this machine has [`Avx512`] and its products of bf16 numbers.
#[derive(Clone, Copy, Debug)]
pub struct Avx512Bf16(());

impl Avx512 {
    pub(super) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("fma");
        detected.then_some(Self(()))
    }
}

impl Avx512Bf16 {
    pub(crate) fn detect() -> Option<Self> {
        let detected = Avx512::detect().is_some() && is_x86_feature_detected!("avx512bf16");
        detected.then_some(Self(()))
    }

    /// Transposes two matrices into words.
    pub(crate) fn transpose_pairs(self, matrix: CheckedPairs<'_, f32>) {
        // SAFETY: the token proves the features.
        unsafe { pairs_avx512::transpose(matrix) }
    }

    /// Joins every two rows of numbers to one of words, sixteen columns at a time.
    pub(crate) fn join_rows(self, values: &mut [f32], columns: usize) {
        // SAFETY: the token proves the features.
        unsafe { pairs_avx512::join_rows(values, columns) }
    }

    /// Joins adjacent numbers; the target has half as many words, rounded up.
    pub(crate) fn join_columns(self, values: &[f32], target: &mut [f32]) {
        // SAFETY: the token proves the features.
        unsafe { pairs_avx512::join_columns(values, target) }
    }
}

/// A token of AVX-512.
pub(crate) trait Avx512Features: Features {
    /// Whether it proves products of bf16 numbers, too.
    const BF16: bool;
}

impl Avx512Features for Avx512 {
    const BF16: bool = false;
}

impl Avx512Features for Avx512Bf16 {
    const BF16: bool = true;
}

impl Features for Avx512 {
    #[inline(always)]
    fn run<Op: SimdOp>(self, op: Op) -> Op::Output {
        // SAFETY: the token proves the features.
        unsafe { run(self, op) }
    }
}

#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma")]
fn run<Op: SimdOp>(features: Avx512, op: Op) -> Op::Output {
    op.run::<Zmm<Avx512>>(features)
}

impl Features for Avx512Bf16 {
    #[inline(always)]
    fn run<Op: SimdOp>(self, op: Op) -> Op::Output {
        // SAFETY: the token proves the features.
        unsafe { run_bf16(self, op) }
    }
}

#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,avx512bf16")]
fn run_bf16<Op: SimdOp>(features: Avx512Bf16, op: Op) -> Op::Output {
    op.run::<Zmm<Avx512Bf16>>(features)
}

/// Sixteen values; with [`Avx512Bf16`], the operands of products are pairs of bf16 numbers.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Zmm<F>(__m512, PhantomData<F>);

impl<F> Zmm<F> {
    #[inline(always)]
    fn new(value: __m512) -> Self {
        Self(value, PhantomData)
    }
}

/// Calls an intrinsic that accesses no memory.
macro_rules! intrinsic {
    ($name:ident($($argument:expr),*)) => {
        // SAFETY: only methods of `Zmm` that take a token or a `Zmm` use this, and both
        // exist only where AVX-512 was detected.
        unsafe { $name($($argument),*) }
    };
}

// SAFETY: `load` and `store` are the unaligned instructions for 16 values, `store_words`
// writes 16 values or half as many, and `accumulate` reads the values that its
// documentation states.
unsafe impl<F: Avx512Features> Vector for Zmm<F> {
    type Element = f32;
    type Features = F;
    const LANES: usize = 16;
    // 27 sums, three vectors and a value of the row: 31 registers.
    const BLOCK: [usize; 3] = [9; 3];
    // 24 sums, three vectors and a value of the row: 28 registers.
    const TRAINING_BLOCK: [usize; 2] = [8, 3];
    const PER_WORD: usize = if F::BF16 { 2 } else { 1 };

    #[inline(always)]
    fn zero(_features: F) -> Self {
        Self::new(intrinsic!(_mm512_setzero_ps()))
    }

    #[inline(always)]
    fn splat(_features: F, value: f32) -> Self {
        Self::new(intrinsic!(_mm512_set1_ps(value)))
    }

    #[inline(always)]
    unsafe fn load(_features: F, source: *const f32) -> Self {
        // SAFETY: the caller guarantees 16 values, the token the features.
        Self::new(unsafe { _mm512_loadu_ps(source) })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller guarantees 16 values, the vector the features.
        unsafe { _mm512_storeu_ps(target, self.0) }
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, summand: Self) -> Self {
        Self::new(intrinsic!(_mm512_fmadd_ps(self.0, factor.0, summand.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self::new(intrinsic!(_mm512_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self::new(intrinsic!(_mm512_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Self::new(intrinsic!(_mm512_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self::new(intrinsic!(_mm512_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    unsafe fn store_words(self, target: *mut f32) {
        if F::BF16 {
            // SAFETY: only the token of bf16 has `BF16`, and the caller guarantees 8 words
            // of a pair each; both types have 256 bits, and any bits are valid.
            unsafe {
                let pairs: __m256i = transmute(_mm512_cvtneps_pbh(self.0));
                _mm256_storeu_si256(target.cast(), pairs);
            }
        } else {
            // SAFETY: the caller guarantees 16 values.
            unsafe { self.store(target) }
        }
    }

    #[inline(always)]
    fn multiply_words(self, factor: Self, summand: Self) -> Self {
        if F::BF16 {
            // SAFETY: only the token of bf16 has `BF16`; both types have 512 bits, and any
            // bits are valid. (Not by `map`, whose closure might not be inlined.)
            unsafe {
                let own: __m512bh = transmute(self.0);
                let other: __m512bh = transmute(factor.0);
                Self::new(_mm512_dpbf16_ps(summand.0, own, other))
            }
        } else {
            self.multiply_add(factor, summand)
        }
    }

    #[inline(always)]
    unsafe fn accumulate<const R: usize, const N: usize>(
        features: F,
        sums: &mut [[Self; N]; R],
        sources: &[*const f32; R],
        first: usize,
        weight: *const f32,
        step: usize,
        length: usize,
    ) {
        if R == 9 && (N == 2 || N == 3) && length > 0 && step == N * Self::LANES {
            let by_hand = match (N, F::BF16) {
                (2, false) => nine_rows::by_two,
                (2, true) => nine_rows::by_two_bf16,
                (_, false) => nine_rows::by_three,
                (_, true) => nine_rows::by_three_bf16,
            };
            // SAFETY: the caller guarantees the values and the token the features; R and N
            // were just compared with those of these functions.
            unsafe { by_hand(sums.as_mut_ptr().cast(), sources.as_ptr(), first, weight, length) }
        } else {
            // SAFETY: guaranteed by the caller.
            unsafe { super::accumulate(features, sums, sources, first, weight, step, length) }
        }
    }

    #[inline(always)]
    fn transpose(_features: F, matrix: CheckedTranspose<'_, f32>) {
        // SAFETY: the token proves the features.
        unsafe { avx512::transpose(matrix) }
    }
}
