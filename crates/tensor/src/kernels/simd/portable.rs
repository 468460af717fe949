//! Arrays that the compiler translates to the vectors of any machine.

use super::{Features, SimdOp, Vector};
use crate::Element;

/// The token of plain code, which needs no features.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

impl Features for Portable {
    #[inline(never)]
    fn run<Op: SimdOp>(self, op: Op) -> Op::Output {
        op.run::<Lanes<f32>>(self)
    }
}

/// Eight lanes.
#[derive(Clone, Copy)]
pub(crate) struct Lanes<T>([T; 8]);

/// Whether `a * b + c` with one rounding is an instruction of every machine that this is
/// compiled for; otherwise it would be a slow library call.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

impl<T: Element> Lanes<T> {
    #[inline(always)]
    fn zip(self, other: Self, of: impl Fn(T, T) -> T) -> Self {
        Self(std::array::from_fn(|lane| of(self.0[lane], other.0[lane])))
    }
}

// SAFETY: loads and stores access one array of eight; the provided methods are not
// overridden.
unsafe impl<T: Element> Vector for Lanes<T> {
    type Element = T;
    type Features = Portable;
    const LANES: usize = 8;
    const BLOCK: [usize; 3] = [4, 0, 0];
    const TRAINING_BLOCK: [usize; 2] = [4, 1];

    #[inline(always)]
    fn zero(_features: Portable) -> Self {
        Self([T::zero(); 8])
    }

    #[inline(always)]
    fn splat(_features: Portable, value: T) -> Self {
        Self([value; 8])
    }

    #[inline(always)]
    unsafe fn load(_features: Portable, source: *const T) -> Self {
        // SAFETY: the caller guarantees 8 values; an array has the alignment of its elements.
        Self(unsafe { source.cast::<[T; 8]>().read() })
    }

    #[inline(always)]
    unsafe fn store(self, target: *mut T) {
        // SAFETY: as above.
        unsafe { target.cast::<[T; 8]>().write(self.0) }
    }

    #[inline(always)]
    fn multiply_add(self, factor: Self, summand: Self) -> Self {
        Self(std::array::from_fn(|lane| {
            let (a, b, c) = (self.0[lane], factor.0[lane], summand.0[lane]);
            if FUSED { a.mul_add(b, c) } else { a * b + c }
        }))
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn subtract(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn multiply(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, |a, b| if a > b { a } else { b })
    }
}
