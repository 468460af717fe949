//! Which vector instructions kernels use, chosen at run time.
//!
//! A binary is built for any machine of its architecture; what this one has is
//! asked once. `FACENET_KERNEL` (`avx512`, `avx2` or `portable`) holds the choice
//! down to that level, so that every level can be tested on one machine.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

/// The environment variable that holds [`Level::best`] down.
pub const LEVEL_VARIABLE: &str = "FACENET_KERNEL";

/// A set of vector instructions, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Level {
    /// What the compiler makes of plain loops; NEON on aarch64.
    Portable,
    /// 256-bit vectors and fused multiply-add.
    Avx2,
    /// 512-bit vectors.
    Avx512,
}

/// A name that no level has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownLevel {
    /// What was found.
    pub found: String,
}

impl Level {
    /// All levels, from least to most.
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

    /// The levels that this machine has, from least to most.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|level| level.is_available())
    }

    /// The most that this machine has and [`LEVEL_VARIABLE`] allows, asked once a
    /// process. A value of the variable that is no level is passed over here: a
    /// program should say so with [`from_environment`](Self::from_environment).
    pub fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let limit = Self::from_environment().ok().flatten().unwrap_or(Self::Avx512);
            Self::available().filter(|level| *level <= limit).last().unwrap_or(Self::Portable)
        })
    }

    /// The level that [`LEVEL_VARIABLE`] asks for, if it is set.
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
    fn names_lead_back_to_levels() {
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
