//! Arrays that the compiler translates to the vectors of any machine.

use super::{SimdOp, Vector};
use crate::Element;

/// Eight lanes.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<T>([T; 8]);

/// Whether `a * b + c` with one rounding is an instruction of every machine that this is
/// compiled for; otherwise it would be a slow library call.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

impl<T: Element> Lanes<T> {
    #[inline(always)]
    fn each(self, other: Self, of: impl Fn(T, T) -> T) -> Self {
        Self(std::array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }
}

// SAFETY: loads and stores touch one array of eight; no features are needed.
unsafe impl<T: Element> Vector for Lanes<T> {
    type Element = T;
    const LANES: usize = 8;
    const BLOCK: [usize; 2] = [4, 1];

    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::zero(); 8])
    }

    #[inline(always)]
    unsafe fn splat(value: T) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(source: *const T) -> Self {
        // SAFETY: the caller guarantees 8 values; an array is aligned as its elements.
        Self(unsafe { source.cast::<[T; 8]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut T) {
        // SAFETY: as above.
        unsafe { target.cast::<[T; 8]>().write(self.0) }
    }

    #[inline(always)]
    unsafe fn multiply_add(self, factor: Self, summand: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            let (a, b, c) = (self.0[lane], factor.0[lane], summand.0[lane]);
            if FUSED { a.mul_add(b, c) } else { a * b + c }
        }))
    }

    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    #[inline(always)]
    unsafe fn subtract(self, other: Self) -> Self {
        self.each(other, |a, b| a - b)
    }

    #[inline(always)]
    unsafe fn multiply(self, other: Self) -> Self {
        self.each(other, |a, b| a * b)
    }

    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.each(other, |a, b| if a > b { a } else { b })
    }

    #[inline(never)]
    unsafe fn call(work: impl SimdOp) {
        // SAFETY: plain code needs no features.
        unsafe { work.run::<Lanes<f32>>() }
    }
}
