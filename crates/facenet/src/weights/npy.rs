//! One tensor in NumPy's `.npy` form.
//!
//! The header is read by [`crate::npy`]; here its claims are held against the table,
//! and the file's length against both.

use std::path::Path;

use ndarray::{ArrayD, ArrayViewD};

use super::error::{TensorFault, WeightsError};
use super::{checked, folder, little_endian};
use crate::network::TensorSpec;
use crate::npy::{HEADER_LIMIT, Header};

/// Reads and checks `spec`'s file.
pub(super) fn read(path: &Path, spec: &TensorSpec) -> Result<ArrayD<f32>, WeightsError> {
    let values = 4 * spec.len() as u64;
    let fits = |size| size > values && size <= values + HEADER_LIMIT as u64;
    let expected = || {
        format!(
            "a header of at most {HEADER_LIMIT} and {values} of values for shape {:?}",
            spec.shape
        )
    };
    // A file of another size may still begin with a header that says more about
    // what is wrong, such as another shape, so the header is looked at first.
    let bytes = match folder::read_bounded(path, fits, expected) {
        Err(fault @ TensorFault::Size { .. }) => Err(header_fault(path, spec).unwrap_or(fault)),
        read => read,
    };
    bytes.and_then(|bytes| parse(&bytes, spec)).map_err(|fault| WeightsError::Tensor {
        path: path.to_path_buf(),
        tensor: spec.name.clone(),
        fault,
    })
}

/// What the header alone says against a file.
fn header_fault(path: &Path, spec: &TensorSpec) -> Option<TensorFault> {
    use std::io::Read;
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).ok()?;
    file.take(HEADER_LIMIT as u64).read_to_end(&mut bytes).ok()?;
    data_after_header(&bytes, spec).err()
}

/// Checks the bytes of a whole `.npy` file and returns its values.
pub(super) fn parse(bytes: &[u8], spec: &TensorSpec) -> Result<ArrayD<f32>, TensorFault> {
    let data = data_after_header(bytes, spec)?;
    let expected = 4 * spec.len();
    if data.len() != expected {
        let header = bytes.len() - data.len();
        let expected = format!("a header of {header} and {expected} of values");
        return Err(TensorFault::Size { expected, found: bytes.len() as u64 });
    }
    let (values, _) = data.as_chunks::<4>();
    checked(spec, values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// Checks the header and returns the bytes behind it.
fn data_after_header<'a>(bytes: &'a [u8], spec: &TensorSpec) -> Result<&'a [u8], TensorFault> {
    let header = Header::parse(bytes)?;
    if header.element != "<f4" {
        return Err(TensorFault::ElementType { found: header.element });
    }
    if !header.has_shape(&spec.shape) {
        return Err(TensorFault::Shape { expected: spec.shape.clone(), found: header.shape });
    }
    if header.column_major {
        return Err(TensorFault::FortranOrder);
    }
    Ok(&bytes[header.length..])
}

/// The bytes of a version 1.0 file, C order, little-endian f32, with the header
/// padded to 128 bytes or another multiple of 64 as NumPy does.
pub(super) fn write(shape: &[usize], tensor: ArrayViewD<'_, f32>) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    // Python writes (64,) for one axis and (64, 3) for two.
    let axes = if shape.len() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({axes}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64);
    let mut bytes = Vec::with_capacity(length + 4 * tensor.len());
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend(((length - 10) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(length - 1, b' ');
    bytes.push(b'\n');
    bytes.extend(little_endian(tensor.iter()));
    bytes
}
