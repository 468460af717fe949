//! How tiles multiply: number by number, or by pairs of bf16 numbers.

use crate::kernels::simd::{Bf16, Isa};
use crate::{Level, Precision, level};

/// The products of tiles, with the proof that this machine has them.
#[derive(Clone, Copy, Debug)]
pub enum Products {
    /// An element of an operand is a number.
    Numbers(Isa),
    /// An element is a word of two bf16 numbers; the sum of both products is added.
    Pairs(Bf16),
}

impl Products {
    /// Those of f32 operands.
    ///
    /// # Panics
    /// If this machine does not have them.
    pub(super) fn of(precision: Precision) -> Self {
        let isa = level::active();
        match precision {
            Precision::F32 => Self::Numbers(isa),
            Precision::Bf16 => match Bf16::detect() {
                Some(bf16) if isa.level() == Level::Avx512 => Self::Pairs(bf16),
                _ => panic!(
                    "products of bf16 numbers need AVX-512 BF16, the level is {}: ask \
                     `Precision::is_available_at` first",
                    isa.level()
                ),
            },
        }
    }

    /// Numbers of an element.
    pub(crate) fn per_word(self) -> usize {
        match self {
            Self::Numbers(_) => 1,
            Self::Pairs(_) => 2,
        }
    }
}
