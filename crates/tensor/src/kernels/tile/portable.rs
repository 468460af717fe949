//! Tiles in plain code, for any machine and both precisions: parts of four rows by
//! eight columns, arrays that the compiler turns into the machine's vectors.

use super::{LANES, Tile, TileKernel, Vector, part, with_rows};
use crate::Element;

/// The kernel, which every machine has.
pub(super) fn kernel<T: Element>() -> TileKernel<T> {
    TileKernel { function: tile::<T> }
}

/// # Safety
/// [`Tile::check`] has passed.
unsafe fn tile<T: Element>(tile: &mut Tile<'_, T>) {
    let rows = tile.rows.len();
    let columns = tile.vectors.len() * LANES;
    for row in (0..rows).step_by(4) {
        let some = (rows - row).min(4);
        for column in (0..columns).step_by(Lanes::<T>::LANES) {
            // SAFETY: the caller vouches for the check; no features are needed; a part
            // is eight columns, which divides the tile's.
            unsafe {
                with_rows!(some, Lanes<T>, 1, tile, row, column; 1 2 3 4);
            }
        }
    }
}

/// Eight lanes.
#[derive(Clone, Copy)]
struct Lanes<T>([T; 8]);

/// Whether `a * b + c` with one rounding is one instruction on every machine that
/// this is compiled for; elsewhere it would be a slow library call.
const FUSED: bool = cfg!(any(target_arch = "aarch64", target_feature = "fma"));

// SAFETY: loads and stores touch one array of eight; no features are needed.
unsafe impl<T: Element> Vector for Lanes<T> {
    type Element = T;
    const LANES: usize = 8;

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
        // SAFETY: the caller vouches for 8 values; an array is aligned as its elements.
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
        Self(std::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }
}
