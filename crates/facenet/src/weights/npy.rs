//! One tensor in NumPy's `.npy` form.
//!
//! The header is read by [`crate::npy`]; here its claims are held against the table,
//! and the file's length against both.

use std::path::Path;

use ndarray::{ArrayD, ArrayViewD, CowArray, IxDyn};

use super::error::{TensorFault, WeightsError};
use super::{Tensor, check_values, checked, folder, little_endian};
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
fn parse(bytes: &[u8], spec: &TensorSpec) -> Result<ArrayD<f32>, TensorFault> {
    let (values, _) = data(bytes, spec)?.as_chunks::<4>();
    checked(spec, values.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

/// [`parse`] without a copy, where the bytes lie as the machine's numbers do.
pub(super) fn borrow(bytes: &'static [u8], spec: &TensorSpec) -> Result<Tensor, TensorFault> {
    if let Ok(values) = bytemuck::try_cast_slice(data(bytes, spec)?)
        && cfg!(target_endian = "little")
    {
        check_values(spec, values)?;
        if let Ok(view) = ArrayViewD::from_shape(IxDyn(&spec.shape), values) {
            return Ok(CowArray::from(view));
        }
    }
    Ok(parse(bytes, spec)?.into())
}

/// The bytes of the values in those of a whole file.
fn data<'a>(bytes: &'a [u8], spec: &TensorSpec) -> Result<&'a [u8], TensorFault> {
    let data = data_after_header(bytes, spec)?;
    let expected = 4 * spec.len();
    if data.len() != expected {
        let header = bytes.len() - data.len();
        let expected = format!("a header of {header} and {expected} of values");
        return Err(TensorFault::Size { expected, found: bytes.len() as u64 });
    }
    Ok(data)
}

/// Checks the header and returns the bytes behind it.
fn data_after_header<'a>(bytes: &'a [u8], spec: &TensorSpec) -> Result<&'a [u8], TensorFault> {
    // What `write` puts in front needs no parser.
    if let Some(data) = bytes.strip_prefix(header(&spec.shape).as_slice()) {
        return Ok(data);
    }
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

/// The bytes of a version 1.0 file, C order, little-endian f32.
pub(super) fn write(shape: &[usize], tensor: ArrayViewD<'_, f32>) -> Vec<u8> {
    let mut bytes = header(shape);
    bytes.extend(little_endian(tensor.iter()));
    bytes
}

/// Its header, padded to 128 bytes or another multiple of 64 as NumPy does.
fn header(shape: &[usize]) -> Vec<u8> {
    let axes: String = shape.iter().map(|axis| format!("{axis}, ")).collect();
    // Python writes (64,) for one axis and (64, 3) for two.
    let axes = if shape.len() == 1 { axes.trim_end() } else { axes.trim_end_matches(", ") };
    let text = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({axes}), }}");
    let length = (10 + text.len() + 1).next_multiple_of(64);
    let mut bytes = Vec::with_capacity(length);
    bytes.extend(b"\x93NUMPY\x01\x00");
    bytes.extend(((length - 10) as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes.resize(length - 1, b' ');
    bytes.push(b'\n');
    bytes
}
