//! A photo: an image file that somebody hands in, decoded and upright.
//!
//! Files are broken or hostile, phones store photos sideways, and a few bytes can claim
//! terabytes. Nothing here prints, and no input makes it panic.

mod decode;
mod error;
mod format;
mod jpeg;
mod limits;
mod metadata;
mod orientation;
mod strip;
mod tiff;

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::OnceLock;

use facenet::bounded_file::{self, FileError};
use image::RgbImage;

pub(crate) use error::Name;
pub use error::{Need, PhotoError};
pub use limits::DecodeLimits;

use crate::Window;
use crate::resample::pyramid::{PyramidLevel, SPANNED, half_size};
use decode::Decoded;

/// An upright image in 8-bit RGB.
#[derive(Clone)]
pub struct Photo {
    rgb: RgbImage,
    /// At half its size, once somebody wanted it.
    half: OnceLock<Box<Photo>>,
    /// The part that the file does not hold.
    missing: Option<Window>,
    /// Whether the file lacks the details of the rest.
    is_coarse: bool,
}

impl Photo {
    /// Reads and decodes an image file: PNG, JPEG, WebP, BMP, GIF (its first
    /// frame) or TIFF, recognized by content, not by extension.
    ///
    /// Sixteen-bit, gray and palette images become 8-bit RGB, transparent
    /// ones are laid on white, and the EXIF orientation is applied.
    ///
    /// # Errors
    /// [`PhotoError`] names the file and what is wrong with it. Never waits for
    /// a FIFO or device.
    pub fn open(path: &Path, limits: &DecodeLimits) -> Result<Photo, PhotoError> {
        let name = path.display().to_string();
        let bytes =
            bounded_file::read(path, limits.file_bytes).map_err(|error| refused(&name, error))?;
        Photo::from_bytes(&bytes, &name, limits)
    }

    /// Decodes an image file that is in memory; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Photo::open`].
    pub fn from_bytes(
        bytes: &[u8],
        name: &str,
        limits: &DecodeLimits,
    ) -> Result<Photo, PhotoError> {
        let file = || name.to_owned();
        if bytes.is_empty() {
            return Err(PhotoError::Empty { file: file() });
        }
        let (expected, found) = (limits.file_bytes, bytes.len() as u64);
        if found > expected {
            return Err(PhotoError::FileTooLarge { file: file(), expected, found });
        }
        let Some(format) = format::of(bytes) else {
            let found = format::describe(bytes);
            return Err(PhotoError::UnknownFormat { file: file(), found });
        };
        let Decoded { image, orientation, rows, is_coarse } =
            decode::decode(bytes, name, format, limits)?;
        let missing = orientation::band(&image, rows, orientation);
        Ok(Photo {
            missing,
            is_coarse,
            ..Photo::from_rgb(orientation::upright(image, orientation))
        })
    }

    /// Whether a file that begins so is of a format that is read; the error says what it
    /// looks like, such as `a PDF document`. A few hundred bytes are enough.
    ///
    /// # Errors
    /// When the bytes are the beginning of no image that is read.
    pub fn sniff(start: &[u8]) -> Result<(), String> {
        match format::of(start) {
            Some(_) => Ok(()),
            None if start.is_empty() => Err("an empty file".to_owned()),
            None => Err(format::describe(start)),
        }
    }

    /// An image that is decoded and upright already.
    #[must_use]
    pub fn from_rgb(image: RgbImage) -> Photo {
        Photo { rgb: image, half: OnceLock::new(), missing: None, is_coarse: false }
    }

    /// The part of the photo that its file does not hold because it ends early: a band along
    /// one side, which is gray. Nothing where the file is whole.
    #[must_use]
    pub fn missing(&self) -> Option<Window> {
        self.missing
    }

    /// How much of the photo is [`missing`](Self::missing), from 0 to 1.
    #[must_use]
    pub fn missing_share(&self) -> f32 {
        let pixels = f64::from(self.width()) * f64::from(self.height());
        self.missing.map_or(0.0, |window| (window.area() / pixels) as f32)
    }

    /// Whether the file ends before the details: a progressive JPEG brings its image coarse
    /// first and whole.
    #[must_use]
    pub fn is_coarse(&self) -> bool {
        self.is_coarse
    }

    /// Pixels from left to right.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.rgb.width()
    }

    /// Pixels from top to bottom.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.rgb.height()
    }

    /// The pixels.
    #[must_use]
    pub fn rgb(&self) -> &RgbImage {
        &self.rgb
    }

    /// Half as wide and high, each pixel the mean of four; made on the first call and kept.
    fn half(&self) -> &Photo {
        if let Some(half) = self.half.get() {
            return half;
        }
        // Not made within `get_or_init`: who waits there for a piece of it may take up another
        // face of this photo, ask for the half again, and wait for itself. Made twice, it is
        // the same.
        let half = Box::new(Photo::from_rgb(half_size(&self.rgb)));
        self.half.get_or_init(|| half)
    }

    /// The level of the pyramid for pixels that span `scale` of the photo's.
    pub(crate) fn level(&self, scale: f64) -> PyramidLevel<'_> {
        let (mut photo, mut factor) = (self, 1.0);
        while scale >= SPANNED * factor && photo.width().min(photo.height()) > 1 {
            photo = photo.half();
            factor *= 2.0;
        }
        PyramidLevel { rgb: photo.rgb(), factor, blur: 1.0 - 1.0 / (factor * factor) }
    }
}

impl PartialEq for Photo {
    fn eq(&self, other: &Self) -> bool {
        self.rgb == other.rgb
    }
}

impl Eq for Photo {}

impl fmt::Debug for Photo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Photo({} × {})", self.width(), self.height())
    }
}

/// Why the file that errors call `name` is not read.
fn refused(name: &str, error: FileError) -> PhotoError {
    let file = name.to_owned();
    match error {
        FileError::Read { source, .. } if source.kind() == io::ErrorKind::NotFound => {
            PhotoError::Missing { file }
        }
        FileError::Read { source, .. } => PhotoError::Unreadable { file, source },
        FileError::NotAFile { found, .. } => PhotoError::NotAFile { file, found },
        FileError::TooLarge { limit, found, .. } => {
            PhotoError::FileTooLarge { file, expected: limit, found }
        }
        error => PhotoError::Unreadable { file, source: io::Error::other(error) },
    }
}
