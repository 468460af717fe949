//! Reading a file that somebody named: bounded, and never waiting.
//!
//! Separate from decoding, which works on bytes and knows no paths.

use std::fs::FileType;
use std::io::{self, Read};
use std::path::Path;

use facenet::regular_file::{self, Refusal};

use super::PhotoError;

/// The bytes of the regular file `path`, at most `most`; errors call it `name`.
pub(super) fn read(path: &Path, name: &str, most: u64) -> Result<Vec<u8>, PhotoError> {
    let failed = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => PhotoError::Missing { file: name.to_owned() },
        _ => PhotoError::Unreadable { file: name.to_owned(), source },
    };
    let too_large = |found| {
        let file = name.to_owned();
        Err(PhotoError::FileTooLarge { file, expected: most, found })
    };
    let (file, length) = regular_file::open(path).map_err(|refusal| match refusal {
        Refusal::Io(error) => failed(error),
        Refusal::Kind(found) => PhotoError::NotAFile { file: name.to_owned(), found: kind(found) },
    })?;
    if length > most {
        return too_large(length);
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // One byte over, to notice a file that grows meanwhile.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return too_large(bytes.len() as u64);
    }
    Ok(bytes)
}

/// What is there instead of a regular file.
fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "something that is no regular file"
}
