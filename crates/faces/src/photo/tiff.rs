//! Kinds of TIFF that the image crate refuses: colors from a palette are looked up here, the
//! others named.

use std::io::Cursor;

use image::RgbImage;
use image::metadata::Orientation;
use tiff::ColorType;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;

/// The tag that says what the numbers of a pixel mean, and its values.
const PHOTOMETRIC: u64 = 262;
const GRAY: u8 = 1;
const PALETTE: u64 = 3;
const YCBCR: u64 = 6;
const LAB: [u64; 3] = [8, 9, 10];

/// A TIFF of a kind that the image crate does not read.
pub(super) enum Special {
    /// With colors from a palette of 256.
    Palette(Box<Palette>),
    /// Another kind: its name.
    Unsupported(String),
}

/// An image that is decoded by [`read`](Palette::read), and its size.
pub(super) struct Palette {
    decoder: Decoder<Cursor<Vec<u8>>>,
    /// Width and height.
    pub(super) size: [u32; 2],
}

/// Kind of a TIFF that needs a decoder of its own.
pub(super) fn special(bytes: &[u8], memory: u64) -> Option<Special> {
    let (at, kind) = photometric(bytes)?;
    let named = |name: &str| Some(Special::Unsupported(name.to_owned()));
    match kind {
        PALETTE => {}
        YCBCR => return named("colors in YCbCr"),
        kind if LAB.contains(&kind) => return named("colors in Lab"),
        _ => return None,
    }
    // The decoder knows no palettes, but gives their numbers where it takes them for grays.
    let mut bytes = bytes.to_vec();
    bytes[at] = GRAY;
    let mut limits = Limits::default();
    let memory = usize::try_from(memory).unwrap_or(usize::MAX);
    limits.decoding_buffer_size = memory;
    limits.intermediate_buffer_size = memory;
    let mut decoder = Decoder::new(Cursor::new(bytes)).ok()?.with_limits(limits);
    let (width, height) = decoder.dimensions().ok()?;
    match decoder.colortype().ok()? {
        ColorType::Gray(8) => {
            Some(Special::Palette(Box::new(Palette { decoder, size: [width, height] })))
        }
        ColorType::Gray(bits) => {
            Some(Special::Unsupported(format!("colors from a palette, {bits} bits a pixel")))
        }
        _ => named("colors from a palette, and more"),
    }
}

/// Where the photometric tag's low byte is, and the tag's value.
fn photometric(bytes: &[u8]) -> Option<(usize, u64)> {
    let little = bytes.starts_with(b"II");
    let number = |at: usize, length: usize| {
        let bytes = bytes.get(at..at.checked_add(length)?)?.iter();
        let add = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if little { bytes.rev().fold(0, add) } else { bytes.fold(0, add) })
    };
    // In a BigTIFF, offsets have eight bytes.
    let big = number(2, 2)? == 43;
    let (offset, counter, entry) = if big { (8, 8, 20) } else { (4, 2, 12) };
    let tags = usize::try_from(number(if big { 8 } else { 4 }, offset)?).ok()?;
    let count = number(tags, counter)?.min(1000) as usize;
    for tag in 0..count {
        let at = tags.checked_add(counter + entry * tag)?;
        if number(at, 2)? == PHOTOMETRIC {
            let value = at + entry - offset;
            return Some((if little { value } else { value + 1 }, number(value, 2)?));
        }
    }
    None
}

impl Palette {
    /// The image, and which way up it is.
    pub(super) fn read(mut self) -> Result<(RgbImage, Orientation), String> {
        let [width, height] = self.size;
        let palette = self.decoder.get_tag_u16_vec(Tag::ColorMap).map_err(|e| e.to_string())?;
        if palette.len() != 3 * 256 {
            return Err(format!("a palette of {} values, expected 768", palette.len()));
        }
        let noted = self.decoder.find_tag(Tag::Orientation).ok().flatten();
        let noted = noted.and_then(|value| value.into_u16().ok());
        let noted = noted.and_then(|value| Orientation::from_exif(u8::try_from(value).ok()?));
        let pixels = match self.decoder.read_image() {
            Ok(DecodingResult::U8(pixels)) => pixels,
            Ok(_) => return Err("numbers of another size than the palette's".to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        // All reds first, then all greens, all blues, of 16 bits each.
        let color =
            |index: u8| [0, 256, 512].map(|from| (palette[from + usize::from(index)] >> 8) as u8);
        let rgb = pixels.into_iter().flat_map(color).collect();
        let image = RgbImage::from_raw(width, height, rgb);
        let image = image.ok_or_else(|| "fewer pixels than its size says".to_owned())?;
        Ok((image, noted.unwrap_or(Orientation::NoTransforms)))
    }
}
