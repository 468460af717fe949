//! One tensor in the form in which OpenFace's weights circulate: comma-separated
//! numbers, usually all on one line, kernels in OIHW order.
//!
//! The notebook reads these with `numpy.genfromtxt`, which turns what it cannot
//! read into NaN. Here a cell that is not a finite number is an error with line
//! and column. A byte-order mark and Windows line ends are accepted, since they
//! leave no doubt about the numbers.

use std::path::Path;

use ndarray::ArrayViewD;

use super::error::{TensorError, WeightsError};
use super::of_file;
use crate::bounded_file;
use crate::network::TensorSpec;

/// Most bytes that a value and its comma may take; the published files need 21.
const BYTES_A_VALUE: u64 = 64;

/// Reads `spec`'s file.
pub(super) fn read(path: &Path, spec: &TensorSpec) -> Result<Vec<f32>, WeightsError> {
    // Room for a small web page, so that it is recognized as one.
    let limit = BYTES_A_VALUE * spec.len() as u64 + (1 << 20);
    let bytes = bounded_file::read(path, limit)?;
    parse(&bytes).map_err(|fault| of_file(path, spec, fault))
}

/// Parses lines of comma-separated finite numbers.
///
/// # Errors
/// With line and column of what is no finite number.
pub fn parse(bytes: &[u8]) -> Result<Vec<f32>, TensorError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.trim_ascii_start().starts_with(b"<") {
        return Err(TensorError::WebPage { found: quoted(bytes.trim_ascii_start()) });
    }
    let mut values = Vec::new();
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    if body.is_empty() {
        return Ok(values);
    }
    for (line, cells) in body.split(|&byte| byte == b'\n').enumerate() {
        let cells = cells.strip_suffix(b"\r").unwrap_or(cells);
        for (column, cell) in cells.split(|&byte| byte == b',').enumerate() {
            let value = number(cell).ok_or_else(|| TensorError::Cell {
                line: line + 1,
                column: column + 1,
                found: quoted(cell),
            })?;
            values.push(value);
        }
    }
    Ok(values)
}

/// A finite number that fits f32, blanks around it allowed.
fn number(cell: &[u8]) -> Option<f32> {
    // A carriage return inside a line is not a blank: old Macintosh line ends
    // would otherwise join two numbers' lines unseen.
    if cell.contains(&b'\r') {
        return None;
    }
    let text = std::str::from_utf8(cell.trim_ascii()).ok()?;
    text.parse::<f32>().ok().filter(|value| value.is_finite())
}

/// The beginning of `cell` for a message: quoted, escaped, at most 40 bytes.
fn quoted(cell: &[u8]) -> String {
    const SHOWN: usize = 40;
    if cell.trim_ascii().is_empty() {
        return "an empty cell".into();
    }
    let text = format!("{:?}", String::from_utf8_lossy(&cell[..cell.len().min(SHOWN)]));
    if cell.len() > SHOWN { format!("{text}…") } else { text }
}

/// One line with the shortest digits that bring each f32 back.
#[must_use]
pub fn write(tensor: ArrayViewD<'_, f32>) -> Vec<u8> {
    let cells: Vec<_> = tensor.iter().map(f32::to_string).collect();
    let mut line = cells.join(",");
    line.push('\n');
    line.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn reads_what_the_published_files_hold() {
        assert_eq!(parse(b"0.5,-1.25e-2\n").unwrap(), [0.5, -0.0125]);
        assert_eq!(parse(b"1,2\n3,4\n").unwrap(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn windows_files_mean_the_same() {
        assert_eq!(parse(b"\xef\xbb\xbf1,2\r\n3\r\n").unwrap(), [1.0, 2.0, 3.0]);
    }

    #[test]
    fn faults_name_line_column_and_cell() {
        assert_eq!(
            fault("1,,2\n"),
            "line 1, column 2: expected a finite number, found an empty cell"
        );
        assert_eq!(fault("1\nnan"), "line 2, column 1: expected a finite number, found \"nan\"");
        assert_eq!(fault("1,1e999"), "line 1, column 2: expected a finite number, found \"1e999\"");
        assert_eq!(fault("0,5;0,25"), "line 1, column 2: expected a finite number, found \"5;0\"");
        assert_eq!(fault("1\r2"), "line 1, column 1: expected a finite number, found \"1\\r2\"");
        assert_eq!(
            fault("1,2,\n"),
            "line 1, column 3: expected a finite number, found an empty cell"
        );
        assert_eq!(
            fault("1\n\n2"),
            "line 2, column 1: expected a finite number, found an empty cell"
        );
        assert!(fault("<!DOCTYPE html><html>").contains("web page"));
        assert!(fault("\u{fffd}").starts_with("line 1, column 1"));
    }

    #[test]
    fn an_empty_file_has_no_values() {
        assert!(parse(b"").unwrap().is_empty());
        assert!(parse(b"\n").unwrap().is_empty());
    }
}
