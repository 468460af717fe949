//! 256-bit vectors: eight values, 16 registers.

use std::arch::x86_64::*;

use super::{Features, SimdOp, Vector};
use crate::kernels::transpose::{CheckedTranspose, avx2};

/// Proof that this machine has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub struct Avx2(());

impl Avx2 {
    pub(super) fn detect() -> Option<Self> {
        let detected = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        detected.then_some(Self(()))
    }
}

impl Features for Avx2 {
    #[inline(always)]
    fn run<Op: SimdOp>(self, op: Op) -> Op::Output {
        // SAFETY: the token proves the features.
        unsafe { run(self, op) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn run<Op: SimdOp>(features: Avx2, op: Op) -> Op::Output {
    op.run::<Ymm>(features)
}

/// Eight values.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub(crate) struct Ymm(__m256);

/// Calls an intrinsic that accesses no memory.
macro_rules! intrinsic {
    ($name:ident($($argument:expr),*)) => {
        // SAFETY: only methods of `Ymm` that take a token or a `Ymm` use this, and both
        // exist only where AVX2 and FMA were detected.
        unsafe { $name($($argument),*) }
    };
}

// SAFETY: `load` and `store` are the unaligned instructions for 8 values; `store_words` and
// `accumulate` are not overridden.
unsafe impl Vector for Ymm {
    type Element = f32;
    type Features = Avx2;
    const LANES: usize = 8;
    // Eight to ten sums, up to three vectors and a value of the row: at most 13 registers, and
    // enough independent sums to keep both multipliers busy for the four cycles of a sum. With
    // twelve sums the compiler spills two of them in the innermost loop.
    const BLOCK: [usize; 3] = [9, 5, 3];
    // Eight sums, two vectors and a value of the row. Four rows divide the eight of a tile.
    const TRAINING_BLOCK: [usize; 2] = [4, 2];

    #[inline(always)]
    fn zero(_features: Avx2) -> Self {
        Self(intrinsic!(_mm256_setzero_ps()))
    }

    #[inline(always)]
    fn splat(_features: Avx2, value: f32) -> Self {
        Self(intrinsic!(_mm256_set1_ps(value)))
    }

    #[inline(always)]
    unsafe fn load(_features: Avx2, source: *const f32) -> Self {
        // SAFETY: the caller guarantees 8 values, the token the features.
        Self(unsafe { _mm256_loadu_ps(source) })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut f32) {
        // SAFETY: the caller guarantees 8 values, the vector the features.
        unsafe { _mm256_storeu_ps(target, self.0) }
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, summand: Self) -> Self {
        Self(intrinsic!(_mm256_fmadd_ps(self.0, factor.0, summand.0)))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(intrinsic!(_mm256_add_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        Self(intrinsic!(_mm256_sub_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        Self(intrinsic!(_mm256_mul_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        Self(intrinsic!(_mm256_max_ps(self.0, other.0)))
    }

    #[inline(always)]
    fn transpose(_features: Avx2, matrix: CheckedTranspose<'_, f32>) {
        // SAFETY: the token proves the features.
        unsafe { avx2::transpose(matrix) }
    }
}
