//! The precision of convolutions, of programs and in training.

use std::fmt;
use std::str::FromStr;

use crate::Level;
use crate::kernels::simd::Bf16;

/// The number format in which convolutions multiply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Precision {
    /// 24 bits of mantissa.
    #[default]
    F32,
    /// 8 bits of mantissa, summed in f32, by AVX-512's instructions for it: faster, but
    /// with fewer correct digits.
    ///
    /// In training, the convolution and both its derivatives round the two factors of each
    /// product, which changes it by 2^-7 of its size at most; all arrays, weights among them,
    /// stay f32.
    ///
    /// In programs, relative to the typical output of a convolution, its typical
    /// error is 0.2 %; by Winograd's method, which rounds transformed values, 0.4 % with 2×2
    /// tiles for 3×3 kernels and 2 to 3 % with larger tiles or kernels. A convolution whose
    /// source does not fill whole vectors of channels, such as the input, stays `f32`, and so
    /// do all other operators.
    Bf16,
}

/// The error for a name that is not a precision's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownPrecision {
    /// The name.
    pub found: String,
}

impl Precision {
    /// All precisions.
    pub const ALL: [Self; 2] = [Self::F32, Self::Bf16];

    /// Whether this machine has it at a level.
    pub fn is_available_at(self, level: Level) -> bool {
        match self {
            Self::F32 => level.is_available(),
            Self::Bf16 => level == Level::Avx512 && Bf16::detect().is_some(),
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
