//! Opening what somebody named, if it is a regular file: the one check that every
//! reader of this crate needs, for to open a pipe is to wait for its writer.
//!
//! How large a file may be, and what is said of one that is refused, is the
//! readers' own affair.

use std::fs::{self, File, FileType, Metadata};
use std::io;
use std::path::Path;

/// Why there is no file.
pub enum Refusal {
    /// Something else is there.
    Kind(FileType),
    /// The file system refused.
    Io(io::Error),
}

/// Opens a regular file, through links, and tells its length in bytes.
pub fn open(path: &Path) -> Result<(File, u64), Refusal> {
    // Before opening, so as not to wait, and after it, since the path may lead
    // elsewhere by then.
    check(fs::metadata(path))?;
    let file = File::open(path).map_err(Refusal::Io)?;
    let metadata = check(file.metadata())?;
    Ok((file, metadata.len()))
}

fn check(metadata: io::Result<Metadata>) -> Result<Metadata, Refusal> {
    match metadata {
        Ok(metadata) if metadata.is_file() => Ok(metadata),
        Ok(metadata) => Err(Refusal::Kind(metadata.file_type())),
        Err(error) => Err(Refusal::Io(error)),
    }
}
