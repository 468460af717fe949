//! Which image formats are read, by their first bytes.
//!
//! Names and extensions are ignored: people rename files, and servers get none. For bytes of no
//! known format [`describe`] says what they look like, so
//! that the message helps with the usual cases: an iPhone's HEIC, a web page or
//! text saved under an image's name.

use image::ImageFormat;

/// The formats we read, for messages.
pub(super) const KNOWN: &str = "a PNG, JPEG, WebP, BMP, GIF or TIFF image";

/// The format of `bytes`, if it is one that we read.
pub(super) fn of(bytes: &[u8]) -> Option<ImageFormat> {
    use ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    if bytes.starts_with(b"II\x2b\0\x08\0") || bytes.starts_with(b"MM\0\x2b\0\x08") {
        // BigTIFF, with offsets of 64 bits.
        return Some(Tiff);
    }
    image::guess_format(bytes).ok().filter(|f| matches!(f, Png | Jpeg | WebP | Bmp | Gif | Tiff))
}

/// The format's usual name.
pub(super) fn name(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Png => "PNG",
        ImageFormat::Jpeg => "JPEG",
        ImageFormat::WebP => "WebP",
        ImageFormat::Bmp => "BMP",
        ImageFormat::Gif => "GIF",
        ImageFormat::Tiff => "TIFF",
        _ => "image",
    }
}

/// Describes bytes of no known format.
pub(super) fn describe(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(256)];
    let brand = start.get(8..12).filter(|_| start.get(4..8) == Some(b"ftyp"));
    let guess = match brand {
        Some(b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"mif1" | b"msf1") => {
            Some("HEIC (save it as JPEG first)")
        }
        Some(b"avif" | b"avis") => Some("AVIF (save it as JPEG or PNG first)"),
        Some(_) => Some("a video"),
        None => {
            SIGNATURES.iter().find(|(bytes, _)| start.starts_with(bytes)).map(|&(_, name)| name)
        }
    };
    if let Some(guess) = guess {
        return guess.to_owned();
    }
    let text = std::str::from_utf8(start)
        .or_else(|e| match e.error_len() {
            // A character cut by our own limit.
            None => std::str::from_utf8(&start[..e.valid_up_to()]),
            Some(_) => Err(e),
        })
        .ok()
        .filter(|text| !text.chars().any(|c| c.is_control() && !c.is_whitespace()));
    let Some(text) = text else {
        let hex: Vec<String> = start.iter().take(8).map(|b| format!("{b:02x}")).collect();
        return format!("bytes {}", hex.join(" "));
    };
    let trimmed = text.trim_start_matches('\u{feff}').trim_start();
    let lower = trimmed.to_ascii_lowercase();
    if lower.starts_with("<!doctype html") || lower.starts_with("<html") {
        return "an HTML page".to_owned();
    }
    if lower.starts_with("<svg") || lower.contains("<svg") {
        return "an SVG drawing".to_owned();
    }
    let begin: String = trimmed.chars().take(24).collect();
    format!("text that begins {begin:?}")
}

/// Other things that people take for photos.
const SIGNATURES: [(&[u8], &str); 9] = [
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "gzip-compressed data"),
    (b"\xff\x0a", "JPEG XL (save it as JPEG first)"),
    (b"\0\0\0\x0cJXL ", "JPEG XL (save it as JPEG first)"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000 (save it as JPEG first)"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\x01\0", "an icon"),
    (b"\x93NUMPY", "a NumPy array"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_no_image_are_named() {
        let cases: [(&[u8], &str); 9] = [
            (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC"),
            (b"\0\0\0\x18ftypmp42\0\0\0\0", "video"),
            (b"%PDF-1.7", "PDF"),
            (b"<!DOCTYPE html><html>", "HTML"),
            ("\u{feff}<?xml version='1.0'?><svg/>".as_bytes(), "SVG"),
            (b"hello world, this is no photo", "text that begins \"hello world, this is no \""),
            (b"\x01\x02\xff\xfe", "bytes 01 02 ff fe"),
            (b"a\x1b[31mred", "bytes 61 1b 5b"),
            (b"x", "text that begins \"x\""),
        ];
        for (bytes, expected) in cases {
            assert_eq!(of(bytes), None);
            let found = describe(bytes);
            assert!(found.contains(expected), "{found} for {expected}");
        }
    }

    #[test]
    fn a_character_cut_by_our_own_limit_is_still_text() {
        let long = "ä".repeat(200);
        assert!(describe(format!("x{long}").as_bytes()).starts_with("text that begins \"xä"));
    }

    #[test]
    fn formats_that_the_decoder_crate_knows_but_we_do_not_are_unknown() {
        // A Radiance file and a QOI file.
        for bytes in [&b"#?RADIANCE\n"[..], b"qoif\0\0\0\x01\0\0\0\x01\x03\0"] {
            assert_eq!(of(bytes), None);
        }
    }
}
