//! Reading the Huffman codes of a scan, bit by bit.

/// Markers within the data of a scan.
pub(super) const RESTART: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;

/// A table of Huffman codes: how many there are of each length, and what they stand for.
#[derive(Clone, Copy)]
pub(super) struct Codes<'b> {
    pub(super) counts: &'b [u8],
    pub(super) values: &'b [u8],
}

impl Codes<'_> {
    /// Decodes the next code.
    pub(super) fn read(&self, bits: &mut Bits<'_>) -> Option<u8> {
        let (mut code, mut first, mut index) = (0_i32, 0_i32, 0_i32);
        for &count in self.counts {
            let count = i32::from(count);
            code |= i32::from(bits.next()?);
            if code - first < count {
                return self.values.get((index + code - first) as usize).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

/// The bits of coded data, up to a marker or the end of the file.
pub(super) struct Bits<'b> {
    data: &'b [u8],
    at: usize,
    byte: u8,
    left: u8,
}

impl<'b> Bits<'b> {
    /// From the first bit on.
    pub(super) fn new(data: &'b [u8]) -> Self {
        Self { data, at: 0, byte: 0, left: 0 }
    }

    fn next(&mut self) -> Option<u8> {
        if self.left == 0 {
            self.byte = *self.data.get(self.at)?;
            self.at += 1;
            if self.byte == 0xff {
                // A zero after it says that it is no marker.
                if self.data.get(self.at) != Some(&0) {
                    self.at -= 1;
                    return None;
                }
                self.at += 1;
            }
            self.left = 8;
        }
        self.left -= 1;
        Some(self.byte >> self.left & 1)
    }

    /// Steps over bits.
    pub(super) fn skip(&mut self, count: u8) -> Option<()> {
        (0..count).try_for_each(|_| self.next().map(drop))
    }

    /// Steps over a restart marker; false where there is none.
    pub(super) fn restart(&mut self) -> bool {
        self.left = 0;
        while self.data.get(self.at..).is_some_and(|rest| rest.starts_with(&[0xff, 0xff])) {
            self.at += 1;
        }
        let found =
            matches!(self.data.get(self.at..), Some([0xff, kind, ..]) if RESTART.contains(kind));
        self.at += if found { 2 } else { 0 };
        found
    }
}
