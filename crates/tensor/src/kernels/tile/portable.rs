//! Tiles in plain code, for any machine and both element types: parts of four rows by
//! eight columns, in arrays that the compiler translates to the machine's vectors.

use super::{LANES, Tile, TileKernel, part, with_rows};
use crate::Element;
use crate::kernels::vector::{Lanes, Vector};

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
            // SAFETY: the caller guarantees the check; no features are needed; a part
            // is eight columns, which divides the tile's.
            unsafe {
                with_rows!(some, Lanes<T>, 1, tile, row, column; 1 2 3 4);
            }
        }
    }
}
