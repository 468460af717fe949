//! Reads regular files of bounded size, and never blocks on a pipe or device.
//!
//! To open a pipe is to wait for its writer, and a wrong file may be of any size.

use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// A file that is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The file system refused.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder, a pipe or a device where a file should be.
    #[error("{}: expected a regular file, found {found}", path.display())]
    NotAFile {
        /// Path of the file.
        path: PathBuf,
        /// What it is instead, such as `a folder`.
        found: &'static str,
    },
    /// A file far larger than its kind ever is.
    #[error("{}: expected at most {limit} bytes, found {found}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
        /// Its size, or what was read of it.
        found: u64,
    },
}

impl FileError {
    /// A system call failed on this file.
    pub fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), source }
    }
}

/// Opens a regular file, through links, and returns it with its length in bytes.
///
/// # Errors
/// When it cannot be opened or is no regular file.
pub fn open(path: &Path) -> Result<(File, u64), FileError> {
    // Before opening, so as not to wait, and after it, since the path may lead elsewhere by
    // then.
    check(path, fs::metadata(path))?;
    let file = File::open(path).map_err(|source| FileError::read(path, source))?;
    let metadata = check(path, file.metadata())?;
    Ok((file, metadata.len()))
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open`]; when it is larger.
pub fn read(path: &Path, limit: u64) -> Result<Vec<u8>, FileError> {
    let (file, length) = open(path)?;
    let too_large = |found| FileError::TooLarge { path: path.to_path_buf(), limit, found };
    if length > limit {
        return Err(too_large(length));
    }
    let mut bytes = Vec::with_capacity(length as usize);
    // One byte over, to notice a file that grows meanwhile.
    let read = file.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|source| FileError::read(path, source))?;
    let found = bytes.len() as u64;
    if found > limit { Err(too_large(found)) } else { Ok(bytes) }
}

fn check(path: &Path, metadata: io::Result<Metadata>) -> Result<Metadata, FileError> {
    match metadata {
        Ok(metadata) if metadata.is_file() => Ok(metadata),
        Ok(metadata) => {
            let (path, found) = (path.to_path_buf(), kind(metadata.file_type()));
            Err(FileError::NotAFile { path, found })
        }
        Err(source) => Err(FileError::read(path, source)),
    }
}

/// Kind of a file that is not regular.
fn kind(kind: FileType) -> &'static str {
    if kind.is_dir() {
        return "a folder";
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    "something else"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "12345").unwrap();
        assert_eq!(read(&file, 5).unwrap(), b"12345");
        let error = read(&file, 4).unwrap_err();
        assert!(matches!(error, FileError::TooLarge { limit: 4, found: 5, .. }), "{error}");
        let error = read(folder.path(), 4).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { found: "a folder", .. }), "{error}");
        let error = read(&folder.path().join("nothing"), 4).unwrap_err();
        assert!(matches!(error, FileError::Read { .. }), "{error}");
    }

    #[test]
    #[cfg(unix)]
    fn devices_are_never_opened() {
        let error = read("/dev/zero".as_ref(), 4).unwrap_err();
        assert!(matches!(error, FileError::NotAFile { found: "a device", .. }), "{error}");
    }
}
