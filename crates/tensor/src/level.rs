//! The vector instructions that kernels use, selected at run time.
//!
//! A binary runs on any machine of its architecture and detects the features of this one
//! once. `FACENET_KERNEL` (`avx512`, `avx2` or `portable`) limits the selection to a level,
//! so that every level can be tested on one machine.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// The environment variable that limits [`Level::best`].
pub const LEVEL_VARIABLE: &str = "FACENET_KERNEL";

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

/// The error for a name that is not a level's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel {
    /// The name.
    pub found: String,
}

impl Level {
    /// All levels, in ascending order.
    pub const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// Whether this machine has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => {
                Self::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The levels that this machine has, in ascending order.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// The greatest level that this machine has and [`LEVEL_VARIABLE`] allows, detected once
    /// a process. A value of the variable that is not a level is ignored here: a program
    /// should report it, see [`from_environment`](Self::from_environment).
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let limit = Self::from_environment().ok().flatten().unwrap_or(Self::Avx512);
            Self::available().filter(|level| *level <= limit).last().unwrap_or(Self::Portable)
        })
    }

    /// The level that [`LEVEL_VARIABLE`] requests, if it is set.
    ///
    /// # Errors
    /// If its value is not the name of a level.
    pub fn from_environment() -> Result<Option<Self>, UnknownLevel> {
        std::env::var_os(LEVEL_VARIABLE).map(|name| name.to_string_lossy().parse()).transpose()
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
    type Err = UnknownLevel;

    fn from_str(name: &str) -> Result<Self, UnknownLevel> {
        Self::ALL
            .into_iter()
            .find(|level| level.name() == name)
            .ok_or_else(|| UnknownLevel { found: name.into() })
    }
}

impl fmt::Display for UnknownLevel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Level::ALL.map(Level::name).join(", ");
        write!(formatter, "expected one of {names}, found {:?}", self.found)
    }
}

impl std::error::Error for UnknownLevel {}

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
    fn the_best_is_available() {
        assert!(Level::best().is_available());
        assert!(Level::available().any(|level| level == Level::Portable));
    }
}
