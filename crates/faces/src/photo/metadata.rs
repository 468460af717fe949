//! Where the formats keep EXIF data and XMP, which note which way was up.
//!
//! The decoders give what they meet before the pixels. A PNG may have it after them, or as
//! text, as ImageMagick writes it.

use fdeflate::decompress_to_vec_bounded;

/// Most bytes that compressed text is unpacked to.
const UNPACKED: usize = 1 << 20;
/// Texts that are unpacked, at most: a file may have thousands that say nothing.
const TEXTS: usize = 8;
/// How JPEG prefixes EXIF data; some writers of PNG and WebP copy it along.
const PREFIX: &[u8] = b"Exif\0\0";
/// The keyword of XMP in a PNG.
const XMP: &[u8] = b"XML:com.adobe.xmp";

/// EXIF data and XMP of a PNG, wherever they are in it.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Metadata {
    pub(super) exif: Option<Vec<u8>>,
    pub(super) xmp: Option<Vec<u8>>,
}

impl Metadata {
    /// Looks at every chunk of a PNG; the first of a kind counts. Broken ones count as none.
    pub(super) fn of_png(bytes: &[u8]) -> Self {
        let mut found = Self::default();
        let (mut at, mut texts) = (8, 0);
        while let Some(&[a, b, c, d, ref kind @ ..]) =
            bytes.get(at..).and_then(|rest| rest.first_chunk::<8>())
        {
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            let Some(data) = bytes.get(at + 8..).and_then(|rest| rest.get(..length)) else { break };
            match kind {
                b"eXIf" => found.exif(data.to_vec()),
                b"tEXt" | b"zTXt" | b"iTXt" if texts < TEXTS => {
                    texts += usize::from(found.text(kind, data));
                }
                _ => {}
            }
            at += 12 + length;
        }
        found
    }

    fn exif(&mut self, data: Vec<u8>) {
        self.exif.get_or_insert(data);
    }

    /// Whether the chunk is such a text, and so was unpacked.
    fn text(&mut self, kind: &[u8], data: &[u8]) -> bool {
        let Some((keyword, rest)) = split(data) else { return false };
        let profile = keyword.strip_prefix(b"Raw profile type ");
        if profile.is_none() && keyword != XMP {
            return false;
        }
        let Some(text) = unpacked(kind, rest) else { return true };
        match profile {
            None => drop(self.xmp.get_or_insert(text)),
            Some(b"exif" | b"APP1") => {
                if let Some(data) = from_profile(&text).filter(|data| data.starts_with(PREFIX)) {
                    self.exif(data);
                }
            }
            Some(b"xmp") => {
                if let Some(data) = from_profile(&text) {
                    self.xmp.get_or_insert(data);
                }
            }
            Some(_) => {}
        }
        true
    }
}

/// The text of a chunk after its keyword.
fn unpacked(kind: &[u8], rest: &[u8]) -> Option<Vec<u8>> {
    let inflated = |packed| decompress_to_vec_bounded(packed, UNPACKED).ok();
    match kind {
        b"tEXt" => Some(rest.to_vec()),
        b"zTXt" => inflated(rest.get(1..)?),
        _ => {
            let (is_packed, rest) = (*rest.first()? == 1, rest.get(2..)?);
            let (_language, rest) = split(rest)?;
            let (_translated, text) = split(rest)?;
            if is_packed { inflated(text) } else { Some(text.to_vec()) }
        }
    }
}

/// What comes before a zero, and after it.
fn split(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|&byte| byte == 0)?;
    Some((&data[..at], &data[at + 1..]))
}

/// The bytes of a raw profile: a line with its name, one with its length, then digits.
fn from_profile(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lines = text.trim_start().lines();
    let (_name, length) = (lines.next()?, lines.next()?.trim().parse::<usize>().ok()?);
    let digits: Vec<u8> = lines.flat_map(str::bytes).filter(u8::is_ascii_hexdigit).collect();
    let value = |digit: u8| (digit as char).to_digit(16);
    let pairs = digits.chunks_exact(2).take(length);
    pairs.map(|pair| Some((16 * value(pair[0])? + value(pair[1])?) as u8)).collect()
}

/// EXIF data without the prefix of JPEG.
pub(super) fn without_prefix(exif: &[u8]) -> &[u8] {
    exif.strip_prefix(PREFIX).unwrap_or(exif)
}

/// The orientation, 1 to 8, that XMP notes as an attribute or an element.
pub(super) fn orientation_in_xmp(xmp: &[u8]) -> Option<u8> {
    const NAME: &[u8] = b"tiff:Orientation";
    let at = xmp.windows(NAME.len()).position(|window| window == NAME)? + NAME.len();
    let is_between = |byte: &u8| matches!(byte, b'=' | b'"' | b'\'' | b'>' | b' ' | b'\r' | b'\n');
    let rest: Vec<_> = xmp[at..].iter().take(16).skip_while(|byte| is_between(byte)).collect();
    match rest[..] {
        [&digit @ b'1'..=b'8', after, ..] if !after.is_ascii_digit() => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xmp_notes_an_orientation_in_two_ways() {
        for (text, expected) in [
            ("<rdf tiff:Orientation=\"6\" x=''>", Some(6)),
            ("<tiff:Orientation>8</tiff:Orientation>", Some(8)),
            ("<tiff:Orientation>\n 3 </tiff:Orientation>", Some(3)),
            ("tiff:Orientation=\"9\" ", None),
            ("tiff:Orientation=\"12\" ", None),
            ("tiff:Orientation", None),
            ("nothing", None),
        ] {
            assert_eq!(orientation_in_xmp(text.as_bytes()), expected, "{text}");
        }
    }

    #[test]
    fn broken_profiles_are_none() {
        for text in ["", "\nexif\n", "\nexif\nx\n00", "exif"] {
            assert_eq!(from_profile(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(from_profile(b"\nexif\n  3\n45 78\n69\n00"), Some(b"Exi".to_vec()));
    }
    /// A file may have thousands of texts that unpack to a megabyte and say nothing.
    #[test]
    fn only_the_first_texts_are_unpacked() {
        let text = |value: &str| {
            let data = format!("Raw profile type exif\0{value}");
            let length = (data.len() as u32).to_be_bytes();
            [&length[..], b"tEXt", data.as_bytes(), &[0; 4]].concat()
        };
        let orientation = |before: usize| {
            let mut png = vec![0; 8];
            (0..before).for_each(|_| png.extend(text("nothing")));
            png.extend(text("\nexif\n6\n457869660000"));
            Metadata::of_png(&png).exif
        };
        assert!(orientation(0).is_some() && orientation(TEXTS - 1).is_some());
        assert_eq!(orientation(TEXTS), None);
    }
}
