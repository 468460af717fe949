//! Decoding: from an image file to upright 8-bit RGB.
//!
//! What is checked when, so that neither a hostile nor a broken file costs more
//! than its limits:
//! 1. the kind and size of the file ([`facenet::bounded_file`]);
//! 2. the format, by the first bytes ([`super::format`]);
//! 3. width, height and decoded size, from the header alone, before the first
//!    pixel is allocated: the decoders do not check their own limit on every route;
//! 4. the data of a JPEG that looks cut, whose decoder fills what is missing ([`super::jpeg`]);
//! 5. panics of a decoder, which become [`PhotoError::Damaged`]. The line that a panic
//!    prints stays: only a hook of the whole process could silence it, and that is not a
//!    library's to set. None was seen to panic on damaged files.
//!
//! Of compressed text in a file only a PNG's notes of a camera are unpacked, up to a
//! mebibyte, and its color profile and EXIF data only up to [`EXTRAS`].

use std::error::Error;
use std::io::{self, Cursor};
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::error::{ImageError, LimitErrorKind};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage};

use super::jpeg::Completed;
use super::tiff::Special;
use super::{DecodeLimits, Need, PhotoError, jpeg, orientation, tiff};

/// Bytes that a decoder may take before the image's size is known: for a row of
/// pixels, a color profile, EXIF data.
const EXTRAS: u64 = 32 << 20;

/// A decoded image, as it is stored: which way up, and how many of its rows the file holds.
pub(super) struct Decoded {
    pub(super) image: RgbImage,
    pub(super) orientation: Orientation,
    pub(super) rows: u32,
    /// Whether scans that bring its details are missing.
    pub(super) is_coarse: bool,
}

impl Decoded {
    /// An image of which nothing is missing.
    fn whole(image: RgbImage, orientation: Orientation) -> Self {
        Self { rows: image.height(), image, orientation, is_coarse: false }
    }

    /// Grays the rows that the file does not hold.
    fn without_the_rest(mut self, file: &str) -> Result<Self, PhotoError> {
        if self.rows == 0 {
            return Err(cut(file, "it holds no row of its image"));
        }
        for row in self.image.rows_mut().skip(self.rows as usize) {
            row.for_each(|pixel| *pixel = Rgb([128; 3]));
        }
        Ok(self)
    }
}

/// The image in `bytes`; a decoder that panics on them is an error.
pub(super) fn decode(
    bytes: &[u8],
    file: &str,
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<Decoded, PhotoError> {
    // Nothing outlives the call but its result, so a panic leaves no state half changed.
    let decoded = catch_unwind(AssertUnwindSafe(|| by_format(bytes, file, format, limits)));
    decoded.unwrap_or_else(|_| {
        let found = "the decoder failed on it".to_owned();
        Err(PhotoError::Damaged { file: file.to_owned(), format, found })
    })
}

fn by_format(
    bytes: &[u8],
    file: &str,
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<Decoded, PhotoError> {
    match format {
        ImageFormat::Jpeg => decode_jpeg(bytes, file, limits),
        ImageFormat::Tiff => match tiff::special(bytes, limits.memory_bytes) {
            Some(Special::Palette(palette)) => {
                let [width, height] = palette.size;
                check_size(palette.size, 4 * u64::from(width) * u64::from(height), file, limits)?;
                let (image, orientation) = palette.read().map_err(|found| PhotoError::Damaged {
                    file: file.to_owned(),
                    format,
                    found,
                })?;
                Ok(Decoded::whole(image, orientation))
            }
            Some(Special::Unsupported(found)) => {
                Err(PhotoError::Unsupported { file: file.to_owned(), format, found })
            }
            None => decode_whole(bytes, file, format, limits),
        },
        _ => decode_whole(bytes, file, format, limits),
    }
}

/// A JPEG, which may end early.
fn decode_jpeg(bytes: &[u8], file: &str, limits: &DecodeLimits) -> Result<Decoded, PhotoError> {
    let format = ImageFormat::Jpeg;
    let header = jpeg::Header::read(bytes);
    if let Some(complete) = header.as_ref().and_then(|header| header.with_usual_tables(bytes)) {
        return decode_jpeg(&complete, file, limits);
    }
    let mut decoded = match &header {
        Some(header) if header.has_separate_scans() && header.has_too_many_scans() => {
            let found = "more scans than colors".to_owned();
            return Err(PhotoError::Damaged { file: file.to_owned(), format, found });
        }
        Some(header) if header.has_separate_scans() => {
            let mut reader = decoder(bytes, file, format, limits)?;
            let orientation = orientation::of(&mut reader, bytes, format);
            let Some(completed) = header.completed(bytes) else {
                return Ok(Decoded::whole(separate_scans(bytes, file, limits)?, orientation));
            };
            let Completed { bytes, rows, lacks_colors } = completed;
            let image =
                if rows > 0 { separate_scans(&bytes, file, limits)? } else { RgbImage::new(0, 0) };
            return Decoded { image, orientation, rows, is_coarse: lacks_colors }
                .without_the_rest(file);
        }
        Some(header) => {
            let whole = header.before_torn_headers(bytes);
            if whole.is_some() || !header.has_end() {
                // With its end, so that the decoder takes the codes that there are.
                let bytes = [whole.unwrap_or(bytes), &[0xff, 0xd9]].concat();
                decode_whole(&bytes, file, format, limits)?
            } else {
                decode_whole(bytes, file, format, limits)?
            }
        }
        None => decode_whole(bytes, file, format, limits)?,
    };
    let Some(header) = header else {
        // The decoder may know more headers than we do.
        let has_end = bytes.ends_with(&[0xff, 0xd9]);
        return if has_end { Ok(decoded) } else { Err(cut(file, "its end marker is missing")) };
    };
    decoded.is_coarse = header.is_coarse();
    if header.has_end() && !jpeg::looks_filled(&decoded.image) {
        return Ok(decoded);
    }
    decoded.rows = header.complete_rows().min(decoded.image.height());
    decoded.without_the_rest(file)
}

fn cut(file: &str, found: &str) -> PhotoError {
    let (file, found) = (file.to_owned(), found.to_owned());
    PhotoError::Cut { file, format: ImageFormat::Jpeg, found }
}

/// A baseline JPEG with a scan of its own for each color, which needs another decoder: the
/// usual one mixes up the rows of colors that are stored at half the height.
fn separate_scans(bytes: &[u8], file: &str, limits: &DecodeLimits) -> Result<RgbImage, PhotoError> {
    let (format, name) = (ImageFormat::Jpeg, || file.to_owned());
    let failed = |error: jpeg_decoder::Error| match error {
        jpeg_decoder::Error::Unsupported(found) => PhotoError::Unsupported {
            file: name(),
            format,
            found: format!("{found:?}, in separate scans"),
        },
        jpeg_decoder::Error::Io(found) => {
            PhotoError::Cut { file: name(), format, found: found.to_string() }
        }
        error => PhotoError::Damaged { file: name(), format, found: error.to_string() },
    };
    let mut decoder = jpeg_decoder::Decoder::new(bytes);
    decoder.read_info().map_err(failed)?;
    let info = decoder.info().ok_or_else(|| PhotoError::Damaged {
        file: name(),
        format,
        found: "it has no image".to_owned(),
    })?;
    let size = [info.width, info.height].map(u32::from);
    // The planes beside the image.
    check_size(size, 6 * u64::from(size[0]) * u64::from(size[1]), file, limits)?;
    let pixels = decoder.decode().map_err(failed)?;
    let is_rgb = info.pixel_format == jpeg_decoder::PixelFormat::RGB24;
    let image = is_rgb.then(|| RgbImage::from_raw(size[0], size[1], pixels)).flatten();
    image.ok_or_else(|| PhotoError::Unsupported {
        file: name(),
        format,
        found: "four colors in separate scans".to_owned(),
    })
}

/// An image as its decoder gives it, of which nothing is missing.
fn decode_whole(
    bytes: &[u8],
    file: &str,
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<Decoded, PhotoError> {
    let mut decoder = decoder(bytes, file, format, limits)?;
    let orientation = orientation::of(&mut decoder, bytes, format);
    let image = DynamicImage::from_decoder(decoder)
        .map_err(|error| explain(&error, file, format, limits.memory_bytes))?;
    Ok(Decoded::whole(on_white(image), orientation))
}

/// The decoder of an image whose size is within the limits.
fn decoder<'b>(
    bytes: &'b [u8],
    file: &str,
    format: ImageFormat,
    limits: &DecodeLimits,
) -> Result<impl ImageDecoder + use<'b>, PhotoError> {
    let failed = |memory| move |error: ImageError| explain(&error, file, format, memory);
    let in_header = limits.memory_bytes.min(EXTRAS);
    let mut bounds = image::Limits::no_limits();
    bounds.max_alloc = Some(in_header);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(bounds.clone());
    let mut decoder = reader.into_decoder().map_err(failed(in_header))?;
    let (width, height) = decoder.dimensions();
    check_size([width, height], decoder.total_bytes(), file, limits)?;
    bounds.max_alloc = Some(limits.memory_bytes);
    decoder.set_limits(bounds).map_err(failed(limits.memory_bytes))?;
    Ok(decoder)
}

/// Whether an image of this size, which needs so many bytes, is within the limits.
fn check_size(
    [width, height]: [u32; 2],
    needed: u64,
    file: &str,
    limits: &DecodeLimits,
) -> Result<(), PhotoError> {
    let file = file.to_owned();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > limits.pixels || width.max(height) > limits.side {
        let (expected, side) = (limits.pixels, limits.side);
        return Err(PhotoError::PixelCount { file, expected, side, width, height });
    }
    if needed > limits.memory_bytes {
        let (expected, found) = (limits.memory_bytes, Need::Bytes(needed));
        return Err(PhotoError::TooMuchMemory { file, expected, found });
    }
    Ok(())
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
