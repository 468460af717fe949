//! Storage that is handed to redb.
//!
//! [`BoxedStorage`] hides that the storage may be a file with locks, which
//! [`atomic_file`](super::atomic_file) takes itself. [`Overlay`] lets redb open a file
//! read-only although its checks write: writes stay in memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::StorageBackend;

/// Storage of any kind, without redb's own locks.
#[derive(Debug)]
pub(crate) struct BoxedStorage(pub(crate) Box<dyn StorageBackend>);

impl StorageBackend for BoxedStorage {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// Bytes that are copied into memory together when one of them is written.
const PAGE: u64 = 4096;

/// Storage that is only read, under the pages that were written.
#[derive(Debug)]
pub(crate) struct Overlay {
    below: Box<dyn StorageBackend>,
    above: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    len: u64,
    /// Bytes of the storage below that are still visible: fewer after it was truncated.
    below: u64,
    pages: HashMap<u64, Vec<u8>>,
}

impl Overlay {
    pub(crate) fn new(below: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = below.len()?;
        let above = Mutex::new(Written { len, below: len, pages: HashMap::new() });
        Ok(Self { below, above })
    }

    fn above(&self) -> MutexGuard<'_, Written> {
        // Pages are complete at any time, so a panic of another thread is harmless.
        self.above.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page of the storage below, of which `valid` bytes are visible.
    fn page_below(&self, page: u64, valid: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PAGE as usize];
        let start = page * PAGE;
        let available = valid.saturating_sub(start).min(PAGE) as usize;
        if available > 0 {
            self.below.read(start, &mut bytes[..available])?;
        }
        Ok(bytes)
    }
}

/// The pieces of `offset..offset + length` that lie in one page each: page, offset in
/// it, length.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize)> {
    let end = offset + length as u64;
    (offset / PAGE..end.div_ceil(PAGE)).map(move |page| {
        let start = offset.max(page * PAGE);
        let stop = end.min((page + 1) * PAGE);
        (page, (start - page * PAGE) as usize, (stop - start) as usize)
    })
}

impl StorageBackend for Overlay {
    fn len(&self) -> io::Result<u64> {
        Ok(self.above().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let above = self.above();
        if offset + out.len() as u64 > above.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if above.pages.is_empty() && offset + out.len() as u64 <= above.below {
            return self.below.read(offset, out);
        }
        let mut rest = out;
        for (page, at, length) in pieces(offset, rest.len()) {
            let (piece, more) = rest.split_at_mut(length);
            match above.pages.get(&page) {
                Some(bytes) => piece.copy_from_slice(&bytes[at..at + length]),
                None => {
                    let bytes = self.page_below(page, above.below)?;
                    piece.copy_from_slice(&bytes[at..at + length]);
                }
            }
            rest = more;
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut above = self.above();
        above.len = len;
        above.below = above.below.min(len);
        above.pages.retain(|page, _| page * PAGE < len);
        if let Some(bytes) = above.pages.get_mut(&(len / PAGE)) {
            bytes[(len % PAGE) as usize..].fill(0);
        }
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut above = self.above();
        let valid = above.below;
        above.len = above.len.max(offset + data.len() as u64);
        let mut rest = data;
        for (page, at, length) in pieces(offset, rest.len()) {
            let (piece, more) = rest.split_at(length);
            let bytes = match above.pages.entry(page) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => entry.insert(self.page_below(page, valid)?),
            };
            bytes[at..at + length].copy_from_slice(piece);
            rest = more;
        }
        Ok(())
    }

    fn close(&self) -> io::Result<()> {
        self.below.close()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Write(u64, Vec<u8>),
        Length(u64),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let write = (0..9000_u64, prop::collection::vec(any::<u8>(), 1..5000))
            .prop_map(|(at, bytes)| Step::Write(at, bytes));
        prop::collection::vec(prop_oneof![write, (0..14_000_u64).prop_map(Step::Length)], 0..12)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn an_overlay_behaves_as_plain_storage(steps in steps()) {
            let below = InMemoryBackend::new();
            below.set_len(10_000).unwrap();
            below.write(0, &[7; 10_000]).unwrap();
            let overlay = Overlay::new(Box::new(below)).unwrap();
            let mut plain = vec![7; 10_000];
            for step in steps {
                match step {
                    Step::Write(at, bytes) => {
                        let end = at as usize + bytes.len();
                        plain.resize(plain.len().max(end), 0);
                        plain[at as usize..end].copy_from_slice(&bytes);
                        overlay.write(at, &bytes).unwrap();
                    }
                    Step::Length(len) => {
                        plain.resize(len as usize, 0);
                        overlay.set_len(len).unwrap();
                    }
                }
            }
            prop_assert_eq!(overlay.len().unwrap(), plain.len() as u64);
            let mut read = vec![1; plain.len()];
            overlay.read(0, &mut read).unwrap();
            prop_assert!(read == plain);
            prop_assert!(overlay.read(1, &mut read).is_err() || read.is_empty());
        }
    }
}
