//! Arrays in NumPy's `.npy` format, read without trust: nothing is allocated before header,
//! shape and the file's length agree.

mod header;

use std::io::Read;
use std::path::Path;

use header::HEADER_LIMIT;
pub use header::{Header, HeaderError};

use crate::bounded_file::{self, FileError};

/// An error in the array of a `.npy` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// Not `.npy`, or a header that cannot be read.
    #[error("not a NumPy array that can be read: {0}")]
    Header(#[from] HeaderError),
    /// Values of another kind.
    #[error("expected values of type {expected:?}, found {found:?}")]
    ElementType {
        /// NumPy's name of the type wanted, such as `<i8`.
        expected: &'static str,
        /// The file's.
        found: String,
    },
    /// Columns first.
    #[error("expected C order, found Fortran order")]
    FortranOrder,
    /// Another shape.
    #[error("expected shape {expected}, found {found:?}")]
    Shape {
        /// Axes wanted, in words.
        expected: String,
        /// The file's axes.
        found: Vec<u64>,
    },
    /// Bytes missing or over.
    #[error("expected {expected} bytes of values, found {found}")]
    DataLength {
        /// Bytes that the shape needs.
        expected: u64,
        /// Bytes after the header.
        found: u64,
    },
}

/// A value of an array.
pub trait Element: Sized {
    /// NumPy's name of the type.
    const TYPE: &'static str;
    /// Bytes of a value.
    const SIZE: usize;
    /// Reads [`SIZE`](Self::SIZE) little-endian bytes.
    fn from_bytes(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($type:ty, $name:literal) => {
        impl Element for $type {
            const TYPE: &'static str = $name;
            const SIZE: usize = size_of::<$type>();
            fn from_bytes(bytes: &[u8]) -> Self {
                let mut own = [0; size_of::<$type>()];
                own.copy_from_slice(bytes);
                Self::from_le_bytes(own)
            }
        }
    };
}

element!(i64, "<i8");
element!(i32, "<i4");
element!(f32, "<f4");

/// The bits of an IEEE 754 half-precision number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Half(u16);

impl Element for Half {
    const TYPE: &'static str = "<f2";
    const SIZE: usize = 2;
    fn from_bytes(bytes: &[u8]) -> Self {
        Self(u16::from_le_bytes([bytes[0], bytes[1]]))
    }
}

impl From<Half> for f32 {
    /// Exact: every half is an f32.
    fn from(Half(bits): Half) -> Self {
        let magnitude = u32::from(bits & 0x7fff);
        let value = match magnitude >> 10 {
            // Subnormal, or zero: steps of 2^-24.
            0 => magnitude as Self / (1 << 24) as Self,
            // Infinity or NaN.
            0x1f => Self::from_bits((0xff << 23) | ((magnitude & 0x3ff) << 13)),
            // The exponent's bias is 127 there and 15 here.
            _ => Self::from_bits((magnitude << 13) + ((127 - 15) << 23)),
        };
        if bits >> 15 == 0 { value } else { -value }
    }
}

/// A file that holds no such array.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its array.
    #[error(transparent)]
    Array(#[from] ArrayError),
}

/// Reads a file with an array of exactly this shape, last axis fastest.
///
/// # Errors
/// When the file cannot be read or holds anything else.
pub fn read<T: Element>(path: &Path, shape: &[usize]) -> Result<Vec<T>, ReadError> {
    let (mut file, length) = bounded_file::open(path)?;
    let failed = |source| FileError::read(path, source);
    let mut bytes = Vec::with_capacity(HEADER_LIMIT);
    (&mut file).take(HEADER_LIMIT as u64).read_to_end(&mut bytes).map_err(failed)?;
    let start = check::<T>(&bytes, shape)?;
    let expected = check_length::<T>(shape, length.saturating_sub(start as u64))?;
    let mut data = bytes.split_off(start);
    data.reserve_exact((expected as usize).saturating_sub(data.len()));
    // One byte over, to notice a file that grows meanwhile.
    let rest = expected.saturating_sub(data.len() as u64) + 1;
    file.take(rest).read_to_end(&mut data).map_err(failed)?;
    check_length::<T>(shape, data.len() as u64)?;
    Ok(data.chunks_exact(T::SIZE).map(T::from_bytes).collect())
}

/// The bytes of the values in those of a whole file, which holds an array of exactly this
/// shape, last axis fastest.
///
/// # Errors
/// When it holds anything else.
pub fn values<'a, T: Element>(bytes: &'a [u8], shape: &[usize]) -> Result<&'a [u8], ArrayError> {
    let data = &bytes[check::<T>(bytes, shape)?..];
    check_length::<T>(shape, data.len() as u64)?;
    Ok(data)
}

/// The values of a whole file with any number of rows of this length, row by row.
///
/// # Errors
/// When it holds anything else.
pub fn parse_rows<T: Element>(bytes: &[u8], columns: usize) -> Result<Vec<T>, ArrayError> {
    let header = Header::parse(bytes)?;
    let rows = match header.shape[..] {
        [rows, found] if found == columns as u64 => Some(rows),
        _ => None,
    };
    header.check::<T>(rows.is_some(), || format!("[n, {columns}]"))?;
    let data = &bytes[header.length..];
    let row = (T::SIZE * columns) as u64;
    // The header's shape can be counted, in values; in bytes it may not be.
    let (expected, found) = (rows.unwrap_or(0).saturating_mul(row), data.len() as u64);
    if expected != found {
        return Err(ArrayError::DataLength { expected, found });
    }
    Ok(data.chunks_exact(T::SIZE).map(T::from_bytes).collect())
}

/// The bytes of a version 1.0 file with an array of f32, last axis fastest.
pub fn write<'v>(shape: &[usize], values: impl IntoIterator<Item = &'v f32>) -> Vec<u8> {
    let mut bytes = header::<f32>(shape);
    bytes.extend(values.into_iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

/// Checks the header at the beginning of a file and returns where the values begin.
fn check<T: Element>(bytes: &[u8], shape: &[usize]) -> Result<usize, ArrayError> {
    // What `write` puts in front needs no parser.
    let own = header::<T>(shape);
    if bytes.starts_with(&own) {
        return Ok(own.len());
    }
    let header = Header::parse(bytes)?;
    header.check::<T>(header.has_shape(shape), || format!("{shape:?}"))?;
    Ok(header.length)
}

/// Checks that there are as many bytes of values as the shape needs, and returns how many.
fn check_length<T: Element>(shape: &[usize], found: u64) -> Result<u64, ArrayError> {
    let bytes = |size: u64, &axis: &usize| size.checked_mul(axis as u64);
    let expected = shape.iter().try_fold(T::SIZE as u64, bytes).unwrap_or(u64::MAX);
    if expected == found { Ok(found) } else { Err(ArrayError::DataLength { expected, found }) }
}

/// The header of a version 1.0 file in C order, padded to 128 bytes or another multiple of 64
/// as NumPy does.
fn header<T: Element>(shape: &[usize]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    // Python writes (64,) for one axis and (64, 3) for two.
    let axes = if shape.len() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
    let kind = T::TYPE;
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({axes}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64);
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend(((length - 10) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(length - 1, b' ');
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every one of the 65,536 halves, by the definition of the format.
    #[test]
    fn halves_become_the_same_number() {
        for bits in 0..=u16::MAX {
            let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff));
            let magnitude = match exponent {
                0 => fraction * 2f64.powi(-24),
                0x1f if fraction == 0.0 => f64::INFINITY,
                0x1f => f64::NAN,
                _ => (1.0 + fraction / 1024.0) * 2f64.powi(exponent - 15),
            };
            let expected = if bits >> 15 == 0 { magnitude } else { -magnitude };
            let found = f64::from(f32::from(Half(bits)));
            assert!(
                found == expected || found.is_nan() && expected.is_nan(),
                "0x{bits:04x}: {found}, expected {expected}"
            );
            assert_eq!(found.is_sign_negative(), bits >> 15 == 1, "0x{bits:04x}");
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("x.npy");
        let numbers = [1.0_f32, -2.5, 0.0, 4.0, 5.0, 6.0];
        let bytes = write(&[2, 3], &numbers);
        std::fs::write(&file, &bytes).unwrap();
        assert_eq!(read::<f32>(&file, &[2, 3]).unwrap(), numbers);
        assert_eq!(values::<f32>(&bytes, &[2, 3]).unwrap().len(), 24);
        assert_eq!(parse_rows::<f32>(&bytes, 3).unwrap(), numbers);
        let fault = parse_rows::<f32>(&bytes, 2).unwrap_err();
        assert_eq!(fault.to_string(), "expected shape [n, 2], found [2, 3]");
        let fault = values::<i32>(&bytes, &[2, 3]).unwrap_err();
        assert!(matches!(fault, ArrayError::ElementType { expected: "<i4", .. }), "{fault}");
        let fault = values::<f32>(&bytes[..bytes.len() - 1], &[2, 3]).unwrap_err();
        assert_eq!(fault, ArrayError::DataLength { expected: 24, found: 23 });
    }
}
