//! Text files of bounded size.

use std::path::Path;

use facenet::bounded_file;

use super::DatasetError;

/// Reads a text file of at most `limit` bytes, without its byte-order mark.
pub(super) fn read(path: &Path, limit: u64) -> Result<String, DatasetError> {
    let bytes = bounded_file::read(path, limit)?;
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
