//! Decoding: from an image file to upright 8-bit RGB.
//!
//! What is checked when, so that neither a hostile nor a broken file costs more
//! than its limits:
//! 1. the kind and size of the file ([`bounded_file`]);
//! 2. the format, by the first bytes ([`super::format`]);
//! 3. width, height and decoded size, from the header alone, before the first
//!    pixel is allocated: the decoders do not check their own limit on every route;
//! 4. the end of a JPEG, whose decoder fills what is missing with gray;
//! 5. panics of a decoder, which become [`PhotoError::Damaged`]. The line that a panic
//!    prints stays: only a hook of the whole process could silence it, and that is not a
//!    library's to set. None was seen to panic on damaged files.
//!
//! Compressed text in a file is not unpacked, and its color profile and EXIF
//! data only up to [`EXTRAS`].

use std::error::Error;
use std::fmt;
use std::io::{self, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;

use facenet::bounded_file::{self, FileError};
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage};

use super::{DecodeLimits, Need, PhotoError, format, orientation};
use crate::resample::pyramid::halved;

/// Bytes that a decoder may take before the image's size is known: for a row of
/// pixels, a color profile, EXIF data.
const EXTRAS: u64 = 32 << 20;

/// An upright image in 8-bit RGB.
#[derive(Clone)]
pub struct Photo {
    rgb: RgbImage,
    /// At half its size, once somebody wanted it.
    half: OnceLock<Box<Photo>>,
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
        // Nothing outlives the call but its result, so a panic leaves no state
        // half changed.
        let decoded = catch_unwind(AssertUnwindSafe(|| decode(bytes, name, format, limits)));
        let rgb = decoded.unwrap_or_else(|_| {
            let found = "the decoder failed on it".to_owned();
            Err(PhotoError::Damaged { file: file(), format, found })
        })?;
        Ok(Photo::from_rgb(rgb))
    }

    /// An image that is decoded and upright already.
    #[must_use]
    pub fn from_rgb(image: RgbImage) -> Photo {
        Photo { rgb: image, half: OnceLock::new() }
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
    pub(crate) fn half(&self) -> &Photo {
        if let Some(half) = self.half.get() {
            return half;
        }
        // Not made within `get_or_init`: who waits there for a piece of it may take up another
        // face of this photo, ask for the half again, and wait for itself. Made twice, it is
        // the same.
        let half = Box::new(Photo::from_rgb(halved(&self.rgb)));
        self.half.get_or_init(|| half)
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

/// The image in `bytes`, upright.
fn decode(
    bytes: &[u8],
    file: &str,
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<RgbImage, PhotoError> {
    let failed = |memory| move |error: ImageError| explain(&error, file, format, memory);
    let in_header = limits.memory_bytes.min(EXTRAS);
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(in_header);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(bounds.clone());
    let mut decoder = reader.into_decoder().map_err(failed(in_header))?;
    let file = || file.to_owned();

    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > limits.pixels || width.max(height) > limits.side {
        let (expected, side) = (limits.pixels, limits.side);
        return Err(PhotoError::PixelCount { file: file(), expected, side, width, height });
    }
    let (expected, needed) = (limits.memory_bytes, decoder.total_bytes());
    if needed > expected {
        let found = Need::Bytes(needed);
        return Err(PhotoError::TooMuchMemory { file: file(), expected, found });
    }
    bounds.max_alloc = Some(limits.memory_bytes);
    decoder.set_limits(bounds).map_err(failed(limits.memory_bytes))?;
    if format == ImageFormat::Jpeg && !jpeg_has_end(bytes) {
        let found = "its end marker is missing".to_owned();
        return Err(PhotoError::Cut { file: file(), format, found });
    }
    let turn = orientation::of(&mut decoder, format);
    let image = DynamicImage::from_decoder(decoder).map_err(failed(limits.memory_bytes))?;
    Ok(orientation::upright(on_white(image), turn))
}

/// Eight-bit RGB; transparent pixels show white behind them.
fn on_white(image: DynamicImage) -> RgbImage {
    if !image.color().has_alpha() {
        return image.into_rgb8();
    }
    let rgba = image.into_rgba8();
    let mut rgb = RgbImage::new(rgba.width(), rgba.height());
    for (rgb, rgba) in rgb.pixels_mut().zip(rgba.pixels()) {
        let [r, g, b, a] = rgba.0.map(u32::from);
        rgb.0 = [r, g, b].map(|v| ((v * a + 255 * (255 - a) + 127) / 255) as u8);
    }
    rgb
}

/// Whether a JPEG's pixel data is followed by the marker that ends it.
///
/// Within pixel data a byte 255 is always followed by 0 or a restart marker, so
/// the search cannot be misled there; the segments before it, which may hold a
/// thumbnail with an end of its own, are stepped over by their lengths.
fn jpeg_has_end(bytes: &[u8]) -> bool {
    const START_OF_SCAN: u8 = 0xda;
    const END: [u8; 2] = [0xff, 0xd9];
    let mut at = 2;
    while let Some(&[mark, kind, high, low]) = bytes.get(at..).and_then(|b| b.first_chunk::<4>()) {
        if mark != 0xff || kind == START_OF_SCAN {
            break;
        }
        at += match kind {
            // A fill byte; a marker without a segment; a segment with its length.
            0xff => 1,
            0x01 | 0xd0..=0xd8 => 2,
            _ => 2 + usize::from(u16::from_be_bytes([high, low])).max(2),
        };
    }
    bytes.get(at..).is_some_and(|rest| rest.windows(2).any(|pair| pair == END))
}

/// Our error for the decoder's, which was allowed so many bytes of memory.
fn explain(error: &ImageError, file: &str, format: ImageFormat, memory: u64) -> PhotoError {
    let file = file.to_owned();
    let found = first_cause(error);
    match error {
        ImageError::Unsupported(_) => PhotoError::Unsupported { file, format, found },
        ImageError::Limits(e) if e.kind() == LimitErrorKind::InsufficientMemory => {
            PhotoError::TooMuchMemory { file, expected: memory, found: Need::More }
        }
        _ if ended_early(error) => PhotoError::Cut { file, format, found },
        _ => PhotoError::Damaged { file, format, found },
    }
}

/// Whether bytes ran out.
fn ended_early(error: &(dyn Error + 'static)) -> bool {
    causes(error)
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::UnexpectedEof)
}

/// The message of the first cause, on one line: the layers above only repeat it.
fn first_cause(error: &(dyn Error + 'static)) -> String {
    let first = causes(error).last().unwrap_or(error);
    first.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error, its cause, the cause of that, and so on.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&e| e.source())
}
