//! The vector instructions that kernels use, selected at run time.
//!
//! A binary runs on any machine of its architecture and detects the features of this one.
//! Kernels use the greatest level that the machine has, unless the program selects a lower
//! one, for example to test every level on one machine.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use crate::kernels::simd::Isa;

pub use crate::kernels::peak::peak_gflops;

/// A set of vector instructions; a greater one has more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Plain loops, as the compiler vectorizes them; NEON on aarch64.
    Portable,
    /// 256-bit vectors and fused multiply-add.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// The level of this process, once it is decided.
static ACTIVE: OnceLock<Isa> = OnceLock::new();

/// The level that kernels use, with the proof that this machine has it.
#[inline]
pub(crate) fn active() -> Isa {
    *ACTIVE.get_or_init(|| {
        let greatest = Level::ALL.into_iter().rev().find_map(Isa::detect);
        greatest.unwrap_or_else(|| unreachable!("every machine has the portable level"))
    })
}

/// Selects the level of all kernels of this process that are not given one explicitly.
///
/// The level is decided once, by this function or by the first kernel that runs, so that
/// the results of a process do not depend on when it is called. Call it before anything
/// else.
///
/// # Errors
/// If this machine does not have the level, or another one is decided already.
///
/// # Examples
///
/// ```
/// use tensor::level::{self, Level};
///
/// level::set("portable".parse()?)?;
/// assert_eq!(Level::best(), Level::Portable);
/// assert!(level::set(Level::Avx512).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn set(level: Level) -> Result<(), LevelError> {
    let isa = Isa::detect(level).ok_or(LevelError::Unavailable { level })?;
    let decided = ACTIVE.get_or_init(|| isa).level();
    if decided == level { Ok(()) } else { Err(LevelError::Decided { level, decided }) }
}

impl Level {
    /// All levels, in ascending order.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        Isa::detect(self).is_some()
    }

    /// The levels that this machine has, in ascending order.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// The level that kernels use: that of [`set`], otherwise the greatest that this machine
    /// has.
    pub fn best() -> Self {
        active().level()
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for Level {
    type Err = LevelError;

    fn from_str(name: &str) -> Result<Self, LevelError> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| LevelError::Unknown { found: name.into() })
    }
}

/// Why a level cannot be selected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LevelError {
    /// No level has this name.
    Unknown {
        /// The name.
        found: String,
    },
    /// This machine does not have the level.
    Unavailable {
        /// The level.
        level: Level,
    },
    /// Another level is in use already.
    Decided {
        /// The level.
        level: Level,
        /// The one in use.
        decided: Level,
    },
}

impl fmt::Display for LevelError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |levels: &mut dyn Iterator<Item = Level>| {
            levels.map(Level::name).collect::<Vec<_>>().join(", ")
        };
        match self {
            Self::Unknown { found } => {
                let names = names(&mut Level::ALL.into_iter());
                write!(formatter, "expected one of {names}, found {found:?}")
            }
            Self::Unavailable { level } => {
                let names = names(&mut Level::available());
                write!(formatter, "this machine does not have {level}, only {names}")
            }
            Self::Decided { level, decided } => {
                write!(formatter, "{level} cannot be selected, {decided} is in use already")
            }
        }
    }
}

impl std::error::Error for LevelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed_to_levels() {
        for level in Level::ALL {
            assert_eq!(level.name().parse(), Ok(level));
        }
        let error = "sse".parse::<Level>().unwrap_err();
        assert_eq!(error.to_string(), "expected one of portable, avx2, avx512, found \"sse\"");
    }

    #[test]
    fn the_best_level_is_available_and_stays() {
        let best = Level::best();
        assert!(best.is_available());
        assert!(Level::available().any(|level| level == Level::Portable));
        assert_eq!(set(best), Ok(()));
        for level in Level::available().filter(|level| *level != best) {
            assert_eq!(set(level), Err(LevelError::Decided { level, decided: best }));
        }
        assert_eq!(Level::best(), best);
    }

    #[test]
    fn an_unavailable_level_is_refused_with_the_available_ones() {
        let names: Vec<_> = Level::available().map(Level::name).collect();
        for level in Level::ALL.into_iter().filter(|level| !level.is_available()) {
            assert_eq!(set(level), Err(LevelError::Unavailable { level }));
        }
        let error = LevelError::Unavailable { level: Level::Avx512 };
        let expected = format!("this machine does not have avx512, only {}", names.join(", "));
        assert_eq!(error.to_string(), expected);
    }
}
