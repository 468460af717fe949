//! How exactly a program multiplies.

use std::fmt;
use std::str::FromStr;

use crate::Level;
use crate::kernels::vector::has_bf16;

/// The numbers that convolutions multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// 24 bits of mantissa.
    #[default]
    F32,
    /// 8 bits of mantissa, summed in f32, with AVX-512's instructions for it. For speed
    /// where the last digits of a result do not matter. Convolutions whose input is no whole
    /// number of vectors of channels, as that of pictures, stay `f32`, and so does all that
    /// is no convolution.
    Bf16,
}

/// A name that no precision has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPrecision {
    /// What was found.
    pub found: String,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::F32, Self::Bf16];

    /// Whether this machine computes with it at a level.
    pub fn is_available_at(self, level: Level) -> bool {
        match self {
            Self::F32 => level.is_available(),
            Self::Bf16 => level == Level::Avx512 && has_bf16(),
        }
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Precision {
    type Err = UnknownPrecision;

    fn from_str(name: &str) -> Result<Self, UnknownPrecision> {
        let named = Self::ALL.into_iter().find(|precision| precision.name() == name);
        named.ok_or_else(|| UnknownPrecision { found: name.into() })
    }
}

impl fmt::Display for UnknownPrecision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Precision::ALL.map(Precision::name).join(" or ");
        write!(formatter, "expected {names}, found {:?}", self.found)
    }
}

impl std::error::Error for UnknownPrecision {}
