//! Scans after the first: whether details or colors are missing because a file ends before them.

use super::{END, Header, START_OF_SCAN, scan_length, tables};

/// A file that was completed.
pub(in crate::photo) struct Completed {
    pub(in crate::photo) bytes: Vec<u8>,
    /// How many rows of the image it holds.
    pub(in crate::photo) rows: u32,
    /// Whether colors are missing.
    pub(in crate::photo) lacks_colors: bool,
}

impl<'b> Header<'b> {
    /// Where in the file the marker behind the data of this scan is.
    fn end_of_scan(&self, bytes: &[u8]) -> Option<usize> {
        Some(bytes.len() - self.data.len() + scan_length(self.data)?)
    }

    /// The header of the scan that follows in the same file.
    fn next_scan(&self, bytes: &'b [u8]) -> Option<Self> {
        self.clone().into_next_scan(bytes, self.end_of_scan(bytes)?)
    }

    /// The file up to headers, between two scans, in which it ends: decoders refuse such a one.
    /// Nothing where they are whole.
    pub(in crate::photo) fn before_torn_headers(&self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let mut scan = self.clone();
        while let Some(end) = scan.end_of_scan(bytes) {
            match scan.next_scan(bytes) {
                Some(next) => scan = next,
                None => return (bytes.get(end + 1) != Some(&END)).then_some(&bytes[..end]),
            }
        }
        None
    }

    /// A file whose colors come in scans of their own, with what it lacks: the image without
    /// the colors that are missing in whole or in part. Nothing where it is whole.
    pub(in crate::photo) fn completed(&self, bytes: &'b [u8]) -> Option<Completed> {
        let mut has_scan = vec![false; self.components.len()];
        let (mut rows, mut end) = (self.height, bytes.len());
        let mut next = Some(self.clone());
        while let Some(scan) = next {
            let complete = scan.complete_rows();
            let is_brightness = scan.scan.iter().any(|part| part.index == 0);
            if complete < self.height && !is_brightness {
                // Its other rows would have the colors of chance.
                end = scan.first_scan;
                break;
            }
            scan.scan.iter().for_each(|part| has_scan[part.index] = true);
            rows = rows.min(complete);
            next = if complete < self.height { None } else { scan.next_scan(bytes) };
            if next.is_none() {
                // Before a marker of the end, or headers in which the file ends.
                end = scan.end_of_scan(bytes).unwrap_or(end);
            }
        }
        let missing: Vec<u8> = self
            .components
            .iter()
            .zip(&has_scan)
            .filter(|(_, has)| !**has)
            .map(|(c, _)| c.id)
            .collect();
        if missing.is_empty() && rows == self.height {
            return None;
        }
        let rows = if has_scan[0] { rows } else { 0 };
        let bytes = [&bytes[..end], &tables::scans_of_nothing(&missing)].concat();
        Some(Completed { bytes, rows, lacks_colors: !missing.is_empty() })
    }

    /// Whether a progressive JPEG lacks scans that would bring its last details, or the end of
    /// one: its image is whole, and coarse.
    pub(in crate::photo) fn is_coarse(&self) -> bool {
        // Of each coefficient of each component, the lowest bit that a scan brings.
        let mut lowest = vec![[u8::MAX; 64]; self.components.len()];
        let mut take = |scan: &[u8]| {
            let count = usize::from(*scan.first()?);
            let &[from, to, low] = scan.get(1 + 2 * count..)?.first_chunk()?;
            for entry in scan.get(1..1 + 2 * count)?.chunks_exact(2) {
                let index = self.components.iter().position(|c| c.id == entry[0])?;
                let bits = lowest[index].get_mut(usize::from(from)..=usize::from(to))?;
                bits.iter_mut().for_each(|bit| *bit = (*bit).min(low & 15));
            }
            Some(())
        };
        if !self.progressive {
            return false;
        }
        // What follows the end is another image.
        let end = self.data.windows(2).position(|pair| pair == [0xff, END]);
        let data = &self.data[..end.unwrap_or(self.data.len())];
        let starts = data.windows(2).enumerate();
        let starts = starts.filter(|(_, pair)| *pair == [0xff, START_OF_SCAN]);
        take(self.first);
        starts.for_each(|(at, _)| _ = data.get(at + 4..).and_then(&mut take));
        end.is_none() || lowest.iter().flatten().any(|&bit| bit != 0)
    }
}
