//! The element types of tiles, and how each multiplies.

use super::CheckedTile;
use crate::kernels::simd::{Features, Lanes, Portable, dispatch};
use crate::kernels::train::products::Products;
use crate::{Precision, level};

/// Element types of tiles: `f32` and `f64`.
pub trait TileElement: Sized {
    /// The products of a precision, on this machine.
    ///
    /// # Panics
    /// If this machine does not have them.
    fn products(precision: Precision) -> Products;

    /// Computes a tile.
    fn run_tile(tile: CheckedTile<'_, '_, Self>);
}

impl TileElement for f32 {
    fn products(precision: Precision) -> Products {
        Products::of(precision)
    }

    fn run_tile(tile: CheckedTile<'_, '_, Self>) {
        match tile.products {
            Products::Numbers(isa) => dispatch(isa, tile),
            Products::Pairs(bf16) => bf16.run(tile),
        }
    }
}

impl TileElement for f64 {
    /// Always its own, for gradients to be checked with.
    fn products(_precision: Precision) -> Products {
        Products::Numbers(level::active())
    }

    fn run_tile(tile: CheckedTile<'_, '_, Self>) {
        tile.compute::<Lanes<Self>>(Portable);
    }
}
