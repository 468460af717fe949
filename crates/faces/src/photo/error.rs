//! Why a file is not a photo that we can use.
//!
//! File names are shown with control characters escaped, because a name may come from
//! anybody and ends up on a terminal.

use std::{fmt, io};

use image::ImageFormat;

use super::format::{KNOWN, name};

/// An error in an image file. `file` is its path, or what the caller
/// called the bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PhotoError {
    /// There is no such file.
    #[error("{}: no such file", Name(file))]
    Missing {
        /// The photo's file.
        file: String,
    },
    /// The file cannot be opened or read.
    #[error("{}: cannot be read", Name(file))]
    Unreadable {
        /// The photo's file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// The path leads to something else than a regular file.
    #[error("{}: expected an image file, found {found}", Name(file))]
    NotAFile {
        /// The photo's file.
        file: String,
        /// What it is.
        found: &'static str,
    },
    /// The file has no bytes.
    #[error("{}: expected an image, found an empty file", Name(file))]
    Empty {
        /// The photo's file.
        file: String,
    },
    /// The file exceeds [`DecodeLimits::file_bytes`](super::DecodeLimits::file_bytes).
    #[error("{}: expected at most {expected} bytes, found {found}", Name(file))]
    FileTooLarge {
        /// The photo's file.
        file: String,
        /// The limit.
        expected: u64,
        /// Bytes there are, or at least so many.
        found: u64,
    },
    /// The first bytes are of no format that we read, whatever the name says.
    #[error("{}: expected {KNOWN}, found {found}", Name(file))]
    UnknownFormat {
        /// The photo's file.
        file: String,
        /// What the bytes look like.
        found: String,
    },
    /// The format is known, but not this use of it.
    #[error("{}: a {} of a kind that is not supported: {found}", Name(file), name(*format))]
    Unsupported {
        /// The photo's file.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// What the decoder says.
        found: String,
    },
    /// The image has no pixels, more than
    /// [`DecodeLimits::pixels`](super::DecodeLimits::pixels), or a side longer than
    /// [`DecodeLimits::side`](super::DecodeLimits::side).
    #[error(
        "{}: expected 1 to {expected} pixels and no side over {side}, \
         found {width} × {height}",
        Name(file)
    )]
    PixelCount {
        /// The photo's file.
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
    #[error("{}: expected to need at most {expected} bytes of memory, found {found}", Name(file))]
    TooMuchMemory {
        /// The photo's file.
        file: String,
        /// The limit.
        expected: u64,
        /// What is needed.
        found: Need,
    },
    /// The file ends early.
    #[error("{}: this {} is cut short: {found}", Name(file), name(*format))]
    Cut {
        /// The photo's file.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// How the end was noticed.
        found: String,
    },
    /// The bytes contradict the format.
    #[error("{}: this {} is damaged: {found}", Name(file), name(*format))]
    Damaged {
        /// The photo's file.
        file: String,
        /// Its format.
        format: ImageFormat,
        /// What the decoder says.
        found: String,
    },
}

/// A file's name for people: control characters and marks of direction as escape sequences.
pub(crate) struct Name<'n>(pub(crate) &'n str);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_mark = |c| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        self.0.chars().try_for_each(|c| match c {
            c if c.is_control() || is_mark(c) => write!(f, "{}", c.escape_default()),
            c => write!(f, "{c}"),
        })
    }
}

/// How much memory an image needs, as far as it is known.
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
