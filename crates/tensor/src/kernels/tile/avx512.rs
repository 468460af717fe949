//! Tiles with 512-bit vectors: the whole tile stays in the 32 registers.

use super::{Tile, TileKernel, part, with_rows};
use crate::kernels::vector::Zmm;

/// Sixteen numbers.
type Vector = Zmm<false>;

/// The kernel, for machines that have AVX-512.
pub(super) fn kernel() -> TileKernel<f32> {
    TileKernel { function: tile }
}

/// # Safety
/// [`Tile::check`] has passed and the machine has AVX-512F.
#[target_feature(enable = "avx512f")]
unsafe fn tile(tile: &mut Tile<'_, f32>) {
    // SAFETY: the caller guarantees check and features; all rows and all vectors of
    // the tile are computed, no more.
    unsafe {
        match tile.vectors.len() {
            1 => with_rows!(tile.rows.len(), Vector, 1, tile, 0, 0; 1 2 3 4 5 6 7 8),
            2 => with_rows!(tile.rows.len(), Vector, 2, tile, 0, 0; 1 2 3 4 5 6 7 8),
            _ => with_rows!(tile.rows.len(), Vector, 3, tile, 0, 0; 1 2 3 4 5 6 7 8),
        }
    }
}
