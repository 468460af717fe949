//! Vector instructions: the vectors of each machine, proof that this machine has them, and
//! the dispatcher.
//!
//! Kernels are written once, as a [`SimdOp`] that is generic over [`Vector`]. [`dispatch`]
//! runs the version that is compiled for an [`Isa`], a level that this machine was found to
//! have. Each version receives a token, [`Vector::Features`], whose existence proves the CPU
//! features; vectors can only be made with a token, and so all arithmetic is safe. Only
//! memory accesses remain `unsafe`.
//!
//! All functions between the dispatcher and the intrinsics must be `#[inline(always)]`;
//! otherwise they are compiled for a machine without these instructions.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod nine_rows;
mod portable;

#[cfg(target_arch = "x86_64")]
use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
use avx512::Avx512;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512Bf16 as Bf16;
pub(crate) use portable::{Lanes, Portable};

use super::transpose::CheckedTranspose;
use crate::Level;

/// Values of a block of channels in all layouts, on every machine: one vector of AVX-512,
/// two of others.
pub(crate) const LANES: usize = 16;

/// Work that is compiled for the vectors of every machine.
pub(crate) trait SimdOp {
    type Output;

    /// Runs it. Mark the implementation, and the functions that it calls,
    /// `#[inline(always)]`.
    fn run<V: Vector<Element = f32>>(self, features: V::Features) -> Self::Output;
}

/// A token that proves CPU features: a value exists only where they were detected.
pub(crate) trait Features: Copy {
    /// Runs an operation in a function that is compiled for these features and not inlined
    /// into the caller.
    fn run<Op: SimdOp>(self, op: Op) -> Op::Output;
}

/// The first of as few shares of up to `most` as `count` items take, of almost the same size.
#[inline(always)]
pub(crate) fn even_share(count: usize, most: usize) -> usize {
    count.div_ceil(count.div_ceil(most))
}

/// A vector of a machine.
///
/// # Safety
/// `load` and `store` access no more than `LANES` values and require no alignment;
/// `store_words` and `accumulate` access no more values than their documentation states.
pub(crate) unsafe trait Vector: Copy {
    type Element: Copy;
    /// The token without which no vector can be made.
    type Features: Features;
    const LANES: usize;
    /// Most rows of a block of sums in registers, by its number of vectors: of one, of two and
    /// of three; 0 of more vectors than a block may have. For programs.
    const BLOCK: [usize; 3];
    /// Rows and vectors of the largest block of sums in registers, for training, whose
    /// operands need more registers for addresses.
    const TRAINING_BLOCK: [usize; 2];
    /// Numbers in each element that [`accumulate`](Self::accumulate) reads: one f32, or two
    /// bf16.
    const PER_WORD: usize = 1;

    /// All lanes zero.
    fn zero(features: Self::Features) -> Self;
    /// All lanes `value`.
    fn splat(features: Self::Features, value: Self::Element) -> Self;
    /// `LANES` values from `source` on.
    ///
    /// # Safety
    /// They can be read.
    unsafe fn load(features: Self::Features, source: *const Self::Element) -> Self;
    /// Writes `LANES` values from `target` on.
    ///
    /// # Safety
    /// They can be written.
    unsafe fn store(self, target: *mut Self::Element);
    /// `self * factor + summand`, rounded once if the machine has an instruction for it.
    fn multiply_add(self, factor: Self, summand: Self) -> Self;
    /// `self + other`.
    fn add(self, other: Self) -> Self;
    /// `self - other`.
    fn subtract(self, other: Self) -> Self;
    /// `self * other`.
    fn multiply(self, other: Self) -> Self;
    /// The maximum of each lane; NaN if `other` is NaN.
    fn max(self, other: Self) -> Self;

    /// The first `LANES` values of a slice.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline(always)]
    fn read_from(features: Self::Features, source: &[Self::Element]) -> Self {
        let source = &source[..Self::LANES];
        // SAFETY: the slice has `LANES` values.
        unsafe { Self::load(features, source.as_ptr()) }
    }

    /// Writes to the first `LANES` values of a slice.
    ///
    /// # Panics
    /// If there are fewer.
    #[inline(always)]
    fn write_to(self, target: &mut [Self::Element]) {
        let target = &mut target[..Self::LANES];
        // SAFETY: the slice has `LANES` values.
        unsafe { self.store(target.as_mut_ptr()) }
    }

    /// Writes `LANES` numbers from `target` on, in `LANES / PER_WORD` elements as
    /// [`accumulate`](Self::accumulate) reads them.
    ///
    /// # Safety
    /// These elements can be written.
    #[inline(always)]
    unsafe fn store_words(self, target: *mut Self::Element) {
        // SAFETY: guaranteed by the caller.
        unsafe { self.store(target) }
    }

    /// `self * factor + summand`; if elements are pairs of bf16, the sum of both products
    /// is added.
    #[inline(always)]
    fn multiply_words(self, factor: Self, summand: Self) -> Self {
        self.multiply_add(factor, summand)
    }

    /// `sums[i][j] += Σ sources[i][first + t] weight[t step + j LANES ..]` over `t <
    /// length`: the innermost loop of inference.
    ///
    /// # Safety
    /// All of these values can be read.
    #[inline(always)]
    unsafe fn accumulate<const R: usize, const N: usize>(
        features: Self::Features,
        sums: &mut [[Self; N]; R],
        sources: &[*const Self::Element; R],
        first: usize,
        weight: *const Self::Element,
        step: usize,
        length: usize,
    ) {
        // SAFETY: guaranteed by the caller.
        unsafe { accumulate(features, sums, sources, first, weight, step, length) }
    }

    /// Transposes a matrix.
    #[inline(always)]
    fn transpose(_features: Self::Features, matrix: CheckedTranspose<'_, Self::Element>) {
        matrix.by_blocks();
    }
}

/// [`Vector::accumulate`] in compiled code.
///
/// # Safety
/// As there.
#[inline(always)]
unsafe fn accumulate<V: Vector, const R: usize, const N: usize>(
    features: V::Features,
    sums: &mut [[V; N]; R],
    sources: &[*const V::Element; R],
    first: usize,
    mut weight: *const V::Element,
    step: usize,
    length: usize,
) {
    for t in first..first + length {
        let mut weights = [V::zero(features); N];
        for j in 0..N {
            // SAFETY: the caller guarantees the values.
            weights[j] = unsafe { V::load(features, weight.wrapping_add(j * V::LANES)) };
        }
        for i in 0..R {
            // SAFETY: the caller guarantees the values.
            let value = V::splat(features, unsafe { *sources[i].add(t) });
            for j in 0..N {
                sums[i][j] = value.multiply_words(weights[j], sums[i][j]);
            }
        }
        weight = weight.wrapping_add(step);
    }
}

/// A [`Level`] that this machine was found to have.
#[derive(Clone, Copy, Debug)]
pub enum Isa {
    Portable(Portable),
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Avx512(Avx512),
}

impl Isa {
    /// Detects a level; `None` if this machine does not have it.
    pub(crate) fn detect(level: Level) -> Option<Self> {
        match level {
            Level::Portable => Some(Self::Portable(Portable)),
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => Avx2::detect().map(Self::Avx2),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => Avx512::detect().map(Self::Avx512),
            #[cfg(not(target_arch = "x86_64"))]
            _ => None,
        }
    }

    pub(crate) fn level(self) -> Level {
        match self {
            Self::Portable(_) => Level::Portable,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => Level::Avx2,
            #[cfg(target_arch = "x86_64")]
            Self::Avx512(_) => Level::Avx512,
        }
    }
}

/// Runs an operation with the vectors of `isa`.
#[inline]
pub(crate) fn dispatch<Op: SimdOp>(isa: Isa, op: Op) -> Op::Output {
    match isa {
        Isa::Portable(features) => op.run::<Lanes<f32>>(features),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2(features) => features.run(op),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512(features) => features.run(op),
    }
}

/// Runs plain loops, which the compiler vectorizes, with the widest vectors of the active
/// level.
///
/// A binary for any x86-64 uses 128-bit vectors, but a loop that is inlined into a function
/// for AVX-512 or AVX2 uses those. Results are the same bits: Rust never contracts a product
/// and a sum to one rounding. Mark the functions that `loops` calls `#[inline(always)]`. A
/// closure that is too large to be inlined must be a [`SimdOp`] instead.
#[inline]
pub(crate) fn vectorize<R>(loops: impl FnOnce() -> R) -> R {
    dispatch(crate::level::active(), Loops(loops))
}

struct Loops<F>(F);

impl<R, F: FnOnce() -> R> SimdOp for Loops<F> {
    type Output = R;

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, _features: V::Features) -> R {
        (self.0)()
    }
}

/// The token for products of bf16 numbers, which only x86-64 has.
#[cfg(not(target_arch = "x86_64"))]
#[derive(Clone, Copy, Debug)]
pub enum Bf16 {}

#[cfg(not(target_arch = "x86_64"))]
impl Bf16 {
    pub(crate) fn detect() -> Option<Self> {
        None
    }

    pub(crate) fn transpose_pairs(self, _matrix: super::transpose::CheckedPairs<'_, f32>) {
        match self {}
    }

    pub(crate) fn join_rows(self, _values: &mut [f32], _columns: usize) {
        match self {}
    }

    pub(crate) fn join_columns(self, _values: &[f32], _target: &mut [f32]) {
        match self {}
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl Features for Bf16 {
    fn run<Op: SimdOp>(self, _op: Op) -> Op::Output {
        match self {}
    }
}
