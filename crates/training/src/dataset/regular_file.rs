//! Opening and reading files of bounded size.
//!
//! Kept apart so that no reader of this module can forget the two checks: a
//! pipe would block for ever, and a file of another kind may be gigabytes long.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use facenet::regular_file::{self, Refusal};

use super::DatasetError;

/// Opens a regular file (through links) and tells its length in bytes.
pub(super) fn open(path: &Path) -> Result<(File, u64), DatasetError> {
    regular_file::open(path).map_err(|refusal| match refusal {
        Refusal::Io(error) => read_fault(path, error),
        Refusal::Kind(kind) => {
            let found = if kind.is_dir() { "folder" } else { "pipe, socket or device" };
            DatasetError::NotAFile { path: path.to_path_buf(), found }
        }
    })
}

/// Whether anything, be it a dangling link, has this name.
pub(super) fn exists(path: &Path) -> Result<bool, DatasetError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(read_fault(path, error)),
    }
}

/// Reads a text file of at most `limit` bytes, without its byte-order mark.
pub(super) fn read_text(path: &Path, limit: u64) -> Result<String, DatasetError> {
    let (file, length) = open(path)?;
    let too_large = |found| DatasetError::TooLarge { path: path.to_path_buf(), limit, found };
    if length > limit {
        return Err(too_large(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // One byte over, to notice a file that grows meanwhile.
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|source| read_fault(path, source))?;
    if bytes.len() as u64 > limit {
        return Err(too_large(bytes.len() as u64));
    }
    let mut text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let line = 1 + bytes[..valid].iter().filter(|&&byte| byte == b'\n').count();
        DatasetError::NotText { path: path.to_path_buf(), line, found: bytes[valid] }
    })?;
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// The error for a system call that failed.
pub(super) fn read_fault(path: &Path, source: io::Error) -> DatasetError {
    DatasetError::Read { path: path.to_path_buf(), source }
}
