//! What a JPEG's headers say, and how much of its image its data holds.
//!
//! Decoders fill what is missing with gray or with the last block, without a word, whether
//! the file ends or a marker of its end comes too early. So the codes of a file that looks
//! cut are counted here: nothing is decoded, only the blocks are stepped over.

mod bits;
mod scans;
mod segments;
mod tables;

use image::RgbImage;

use bits::{Bits, Codes};
pub(super) use scans::Completed;
pub(super) use segments::{Segment, scan_length, segment_at};

/// The markers that are looked at.
pub(super) const END: u8 = 0xd9;
pub(super) const START_OF_SCAN: u8 = 0xda;
/// Rows above the first incomplete one that a decoder mixes with it when it brings the
/// colors to full size.
const MIXED: u32 = 2;

/// The headers of a JPEG up to the data of its first scan.
#[derive(Clone)]
pub(super) struct Header<'b> {
    progressive: bool,
    width: u32,
    height: u32,
    components: Vec<Component>,
    /// The header of the first scan.
    first: &'b [u8],
    /// The components of the first scan, with the tables of their codes.
    scan: Vec<ScanComponent>,
    tables: [[Option<Codes<'b>>; 4]; 2],
    /// Units between two restart markers; 0 without them.
    restart: usize,
    /// From the first byte of the first scan to the end of the file.
    data: &'b [u8],
    /// Where in the file the marker of the first scan is.
    first_scan: usize,
}

/// A color component: how many blocks of it are in a unit, across and down.
#[derive(Clone, Copy)]
struct Component {
    id: u8,
    across: u32,
    down: u32,
}

#[derive(Clone, Copy)]
struct ScanComponent {
    index: usize,
    dc: usize,
    ac: usize,
}

impl<'b> Header<'b> {
    /// Reads the headers; nothing where they are no ones of a coded scan.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Self> {
        let header = Self {
            progressive: false,
            width: 0,
            height: 0,
            components: Vec::new(),
            first: &[],
            scan: Vec::new(),
            tables: [[None; 4]; 2],
            restart: 0,
            data: &[],
            first_scan: 0,
        };
        header.into_next_scan(bytes, 2)
    }

    /// Takes in the segments from there on, up to the data of a scan.
    fn into_next_scan(mut self, bytes: &'b [u8], mut at: usize) -> Option<Self> {
        loop {
            let Segment { kind, start, content, end } = segment_at(bytes, at)?;
            at = end;
            let Some(content) = content else {
                // Headers that the image ends in are none of a scan.
                if kind == END {
                    return None;
                }
                continue;
            };
            self.first_scan = start;
            self.take(kind, content)?;
            if kind == START_OF_SCAN {
                self.data = &bytes[at..];
                return (!self.components.is_empty()).then_some(self);
            }
        }
    }

    fn take(&mut self, kind: u8, segment: &'b [u8]) -> Option<()> {
        match kind {
            0xc0..=0xc2 => {
                let &[_, h1, h0, w1, w0, _] = segment.first_chunk()?;
                self.progressive = kind == 0xc2;
                self.height = u16::from_be_bytes([h1, h0]).into();
                self.width = u16::from_be_bytes([w1, w0]).into();
                let components = segment[6..].chunks_exact(3).map(|component| Component {
                    id: component[0],
                    across: u32::from(component[1] >> 4),
                    down: u32::from(component[1] & 15),
                });
                self.components = components.collect();
                let is_usual = |side: u32| (1..=4).contains(&side);
                let is_unit = |c: &Component| is_usual(c.across) && is_usual(c.down);
                self.components.iter().all(is_unit).then_some(())
            }
            0xc4 => {
                let mut rest = segment;
                while let Some((&[place, ref counts @ ..], values)) = rest.split_first_chunk::<17>()
                {
                    let count = counts.iter().map(|&count| usize::from(count)).sum();
                    let values = values.get(..count)?;
                    let slot = self.tables.get_mut(usize::from(place >> 4))?;
                    *slot.get_mut(usize::from(place & 15))? =
                        Some(Codes { counts: &rest[1..17], values });
                    rest = &rest[17 + count..];
                }
                Some(())
            }
            0xdd => {
                let &[high, low] = segment.first_chunk()?;
                self.restart = u16::from_be_bytes([high, low]).into();
                Some(())
            }
            START_OF_SCAN => {
                self.first = segment;
                self.scan.clear();
                let count = usize::from(*segment.first()?);
                for entry in segment.get(1..1 + 2 * count)?.chunks_exact(2) {
                    let index = self.components.iter().position(|c| c.id == entry[0])?;
                    let [dc, ac] = [entry[1] >> 4, entry[1] & 15].map(usize::from);
                    self.scan.push(ScanComponent { index, dc, ac });
                }
                (count > 0).then_some(())
            }
            _ => Some(()),
        }
    }

    /// The file with the tables of codes that a frame of a video leaves out because all have
    /// the same; nothing where it has tables.
    pub(super) fn with_usual_tables(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let has_none = self.tables.iter().flatten().all(Option::is_none);
        let (before, after) = bytes.split_at_checked(self.first_scan)?;
        has_none.then(|| [before, &tables::segment(), after].concat())
    }

    /// Whether there are more scans than components. Each costs the time of the whole image.
    pub(super) fn has_too_many_scans(&self) -> bool {
        let follow = self.data.windows(2).filter(|pair| *pair == [0xff, START_OF_SCAN]).count();
        1 + follow > self.components.len()
    }

    /// Whether the marker that ends a JPEG follows. Within coded data a byte 255 is always
    /// followed by 0 or a restart marker, so the search cannot be misled there.
    pub(super) fn has_end(&self) -> bool {
        self.data.windows(2).any(|pair| pair == [0xff, END])
    }

    /// Whether each color of a baseline JPEG comes in a scan of its own. The usual decoder
    /// mixes their rows up where they differ in size.
    pub(super) fn has_separate_scans(&self) -> bool {
        !self.progressive && self.scan.len() < self.components.len()
    }

    /// How many rows of pixels, from the top, the data of the first scan holds.
    pub(super) fn complete_rows(&self) -> u32 {
        let most = |side: fn(&Component) -> u32| self.components.iter().map(side).max();
        let (Some(across), Some(down)) = (most(|c| c.across), most(|c| c.down)) else { return 0 };
        // In a scan of one component, a unit is one of its blocks; the others have as many as
        // belong to a piece of the image.
        let (across, down) = match &self.scan[..] {
            [only] => {
                let component = &self.components[only.index];
                (8 * across / component.across, 8 * down / component.down)
            }
            _ => (8 * across, 8 * down),
        };
        let [columns, rows] = [self.width.div_ceil(across), self.height.div_ceil(down)];
        let total = columns as usize * rows as usize;
        let complete = self.complete_units(total);
        if complete >= total {
            return self.height;
        }
        (complete as u32 / columns.max(1) * down).saturating_sub(MIXED)
    }

    /// How many of the units have all their codes.
    fn complete_units(&self, total: usize) -> usize {
        let mut bits = Bits::new(self.data);
        for unit in 0..total {
            if unit > 0 && self.restart > 0 && unit.is_multiple_of(self.restart) && !bits.restart()
            {
                return unit;
            }
            if self.skip_unit(&mut bits).is_none() {
                return unit;
            }
        }
        total
    }

    fn skip_unit(&self, bits: &mut Bits<'_>) -> Option<()> {
        for part in &self.scan {
            let component = &self.components[part.index];
            let is_only = self.scan.len() == 1;
            let blocks = if is_only { 1 } else { component.across * component.down };
            let of = |class: usize, slot: usize| *self.tables[class].get(slot)?;
            for _ in 0..blocks {
                let size = of(0, part.dc)?.read(bits)?;
                bits.skip(size)?;
                let mut coefficient = 1;
                while coefficient < 64 && !self.progressive {
                    let code = of(1, part.ac)?.read(bits)?;
                    match (code >> 4, code & 15) {
                        (15, 0) => coefficient += 16,
                        (_, 0) => break,
                        (zeros, size) => {
                            coefficient += 1 + u32::from(zeros);
                            bits.skip(size)?;
                        }
                    }
                }
            }
        }
        Some(())
    }
}

/// Whether the last row ends in repetitions of one block, as a decoder fills an image up. A
/// flat border does so, too.
pub(super) fn looks_filled(image: &RgbImage) -> bool {
    const BLOCK: usize = 16;
    /// Blocks at the end of the row that are compared.
    const BLOCKS: usize = 4;
    const NEAR: i32 = 3;
    let row: Vec<i32> = match image.rows().next_back() {
        Some(row) => row.map(|pixel| i32::from(pixel.0[1])).collect(),
        None => return false,
    };
    let blocks = row.as_chunks::<BLOCK>().0;
    let last = &blocks[blocks.len().saturating_sub(BLOCKS)..];
    let Some(first) = last.first() else { return true };
    let shape = |block: &[i32; BLOCK]| block.map(|value| value - block[0]);
    let is_like = |block: &[i32; BLOCK]| {
        shape(block).iter().zip(shape(first)).all(|(a, b)| (a - b).abs() <= NEAR)
    };
    last.iter().all(is_like)
}
