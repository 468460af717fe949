//! Tiles with 256-bit vectors: parts of four rows by three vectors of eight; twelve
//! of the sixteen registers hold sums.

use std::arch::x86_64::__m256;

use super::{LANES, Tile, TileKernel, part, with_rows};

/// The kernel, for machines that have AVX2 and FMA.
pub(super) fn kernel() -> TileKernel<f32> {
    TileKernel { function: tile }
}

/// # Safety
/// [`Tile::check`] has passed and the machine has AVX2 and FMA.
#[target_feature(enable = "avx2,fma")]
unsafe fn tile(tile: &mut Tile<'_, f32>) {
    let rows = tile.rows.len();
    let columns = tile.vectors.len() * LANES;
    for row in (0..rows).step_by(4) {
        let some = (rows - row).min(4);
        let mut column = 0;
        while column < columns {
            let vectors = ((columns - column) / 8).min(3);
            // SAFETY: the caller guarantees check and features; `row + some` and
            // `column + 8 vectors` were just held within the tile.
            unsafe {
                match vectors {
                    1 => with_rows!(some, __m256, 1, tile, row, column; 1 2 3 4),
                    2 => with_rows!(some, __m256, 2, tile, row, column; 1 2 3 4),
                    _ => with_rows!(some, __m256, 3, tile, row, column; 1 2 3 4),
                }
            }
            column += vectors * 8;
        }
    }
}
