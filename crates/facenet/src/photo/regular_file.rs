//! Reading a file that somebody named: bounded, and never waiting.
//!
//! Separate from decoding, which works on bytes and knows no paths.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

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
    // Before opening, since to open a FIFO is to wait for its writer, and after
    // it, since the path may lead elsewhere by then.
    check_kind(&fs::metadata(path).map_err(failed)?, name)?;
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    check_kind(&metadata, name)?;
    if metadata.len() > most {
        return too_large(metadata.len());
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    // One byte over, to notice a file that grows meanwhile.
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > most {
        return too_large(bytes.len() as u64);
    }
    Ok(bytes)
}

fn check_kind(metadata: &Metadata, name: &str) -> Result<(), PhotoError> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(PhotoError::NotAFile { file: name.to_owned(), found: kind(metadata) })
}

/// What is there instead of a regular file.
fn kind(metadata: &Metadata) -> &'static str {
    if metadata.is_dir() {
        return "a directory";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let kind = metadata.file_type();
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
