//! The segments of a JPEG, one after the other (ITU-T T.81, annex B).

use super::bits::RESTART;

/// A marker, and what belongs to it.
pub(in crate::photo) struct Segment<'b> {
    /// The byte that names the marker.
    pub(in crate::photo) kind: u8,
    /// Where in the file its two bytes are.
    pub(in crate::photo) start: usize,
    /// Its content, after the length; empty for a marker by itself.
    pub(in crate::photo) content: Option<&'b [u8]>,
    /// Where in the file the next marker is, or the data of a scan.
    pub(in crate::photo) end: usize,
}

/// The segment at that place in the file, after bytes that fill up; nothing where no marker is,
/// or where the file ends before the segment does.
pub(in crate::photo) fn segment_at(bytes: &[u8], mut start: usize) -> Option<Segment<'_>> {
    while *bytes.get(start..)?.first_chunk()? == [0xff, 0xff] {
        start += 1;
    }
    let &[0xff, kind] = bytes.get(start..)?.first_chunk()? else { return None };
    if matches!(kind, 0x01 | 0xd0..=0xd9) {
        return Some(Segment { kind, start, content: None, end: start + 2 });
    }
    let length = u16::from_be_bytes(*bytes.get(start + 2..)?.first_chunk()?);
    let end = start + 2 + usize::from(length).max(2);
    Some(Segment { kind, start, content: Some(bytes.get(start + 4..end)?), end })
}

/// How long the compressed data of a scan is, up to the marker behind it; nothing where none is.
pub(in crate::photo) fn scan_length(data: &[u8]) -> Option<usize> {
    let is_marker = |pair: &[u8]| pair[0] == 0xff && pair[1] != 0 && !RESTART.contains(&pair[1]);
    data.windows(2).position(is_marker)
}
