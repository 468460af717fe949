//! Why a file is not a photo that we can use.
//!
//! File names are shown in quotes with control characters escaped, because a
//! name may come from anybody and ends up on a terminal.

use std::{fmt, io};

use image::ImageFormat;

use super::format::{KNOWN, name};

/// What is wrong with an image file. `file` is its path, or what the caller
/// called the bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// There is no such file.
    #[error("{file:?}: no such file")]
    Missing {
        /// Which.
        file: String,
    },
    /// The file cannot be opened or read.
    #[error("{file:?}: cannot be read")]
    Unreadable {
        /// Which.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The path leads to something else than a regular file.
    #[error("{file:?}: expected an image file, found {found}")]
    NotAFile {
        /// Which.
        file: String,
        /// What it is.
        found: &'static str,
    },
    /// The file has no bytes.
    #[error("{file:?}: expected an image, found an empty file")]
    Empty {
        /// Which.
        file: String,
    },
    /// The file exceeds [`DecodeLimits::file_bytes`](super::DecodeLimits::file_bytes).
    #[error("{file:?}: expected at most {expected} bytes, found {found}")]
    FileTooLarge {
        /// Which.
        file: String,
        /// The limit.
        expected: u64,
        /// Bytes there are, or at least so many.
        found: u64,
    },
    /// The first bytes are of no format that we read, whatever the name says.
    #[error("{file:?}: expected {KNOWN}, found {found}")]
    UnknownFormat {
        /// Which.
        file: String,
        /// What the bytes look like.
        found: String,
    },
    /// The format is known, but not this use of it.
    #[error("{file:?}: a {} of a kind that is not supported: {found}", name(*format))]
    Unsupported {
        /// Which.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// What the decoder says.
        found: String,
    },
    /// The picture has no pixels, more than
    /// [`DecodeLimits::pixels`](super::DecodeLimits::pixels), or a side longer than
    /// [`DecodeLimits::side`](super::DecodeLimits::side).
    #[error(
        "{file:?}: expected 1 to {expected} pixels and no side over {side}, \
         found {width} × {height}"
    )]
    PixelCount {
        /// Which.
        file: String,
        /// The limit of width times height.
        expected: u64,
        /// The limit of a side.
        side: u32,
        /// As the file claims.
        width: u32,
        /// As the file claims.
        height: u32,
    },
    /// Decoding needs more than
    /// [`DecodeLimits::memory_bytes`](super::DecodeLimits::memory_bytes).
    #[error("{file:?}: expected to need at most {expected} bytes of memory, found {found}")]
    TooMuchMemory {
        /// Which.
        file: String,
        /// The limit.
        expected: u64,
        /// What is needed.
        found: Need,
    },
    /// The file ends early.
    #[error("{file:?}: this {} is cut short: {found}", name(*format))]
    Cut {
        /// Which.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// How the end was noticed.
        found: String,
    },
    /// The bytes contradict the format.
    #[error("{file:?}: this {} is damaged: {found}", name(*format))]
    Damaged {
        /// Which.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// What the decoder says.
        found: String,
    },
}

/// How much memory a picture needs, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// So many bytes.
    Bytes(u64),
    /// The decoder gave up before it knew.
    More,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => bytes.fmt(f),
            Self::More => f.write_str("more"),
        }
    }
}
