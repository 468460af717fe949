//! Compiles plain loops for the machine's widest vectors.
//!
//! A binary for any x86-64 uses 128-bit vectors, but a loop that is inlined into a function
//! for AVX-512 or AVX2 uses those. Results are the same bits: Rust never contracts a product
//! and a sum to one rounding.
#![allow(unsafe_code)]

#[cfg(target_arch = "x86_64")]
use crate::Level;

/// Runs `work`, compiled for the vectors that this machine has.
///
/// Mark the functions that it calls `#[inline(always)]`: only inlined code is compiled so.
#[inline]
pub(crate) fn wide<R>(work: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    match Level::best() {
        // SAFETY: the level is available.
        Level::Avx512 => return unsafe { with_avx512(work) },
        // SAFETY: as above.
        Level::Avx2 => return unsafe { with_avx2(work) },
        Level::Portable => {}
    }
    work()
}

/// Work that is too large for the compiler to inline as a closure.
pub(crate) trait Wide {
    /// Runs it. Mark the implementation, and the functions that it calls,
    /// `#[inline(always)]`.
    fn run(self);
}

/// [`wide`] for a [`Wide`].
#[inline]
pub(crate) fn run_wide(work: impl Wide) {
    #[cfg(target_arch = "x86_64")]
    match Level::best() {
        // SAFETY: the level is available.
        Level::Avx512 => return unsafe { run_with_avx512(work) },
        // SAFETY: as above.
        Level::Avx2 => return unsafe { run_with_avx2(work) },
        Level::Portable => {}
    }
    work.run();
}

/// # Safety
/// The machine has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn run_with_avx512(work: impl Wide) {
    work.run();
}

/// # Safety
/// The machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn run_with_avx2(work: impl Wide) {
    work.run();
}

/// # Safety
/// The machine has these features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq")]
unsafe fn with_avx512<R>(work: impl FnOnce() -> R) -> R {
    work()
}

/// # Safety
/// The machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn with_avx2<R>(work: impl FnOnce() -> R) -> R {
    work()
}
