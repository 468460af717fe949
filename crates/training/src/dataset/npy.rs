//! Arrays of a pack in NumPy's `.npy` form, of a shape known beforehand.
//!
//! Nothing is allocated before header, shape and the file's length agree.

use std::io::Read;
use std::path::Path;

use facenet::npy::{HEADER_LIMIT, Header};

use super::{ArrayFault, DatasetError, regular_file};

/// A value of such an array.
pub(super) trait Element: Sized {
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
pub(super) struct Half(u16);

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

/// Reads an array of exactly this shape, last axis fastest.
pub(super) fn read<T: Element>(path: &Path, shape: &[usize]) -> Result<Vec<T>, DatasetError> {
    let (mut file, length) = regular_file::open(path)?;
    let read_fault = |source| regular_file::read_fault(path, source);
    let fault = |fault| DatasetError::Array { path: path.to_path_buf(), fault };

    let mut bytes = Vec::with_capacity(HEADER_LIMIT);
    (&mut file).take(HEADER_LIMIT as u64).read_to_end(&mut bytes).map_err(read_fault)?;
    let header = Header::parse(&bytes).map_err(|header| fault(header.into()))?;
    check::<T>(&header, shape).map_err(fault)?;

    let expected =
        shape.iter().try_fold(T::SIZE as u64, |size, &axis| size.checked_mul(axis as u64));
    let found = length.saturating_sub(header.length as u64);
    if expected != Some(found) {
        let expected = expected.unwrap_or(u64::MAX);
        return Err(fault(ArrayFault::DataLength { expected, found }));
    }
    let mut data = bytes.split_off(header.length);
    data.reserve_exact((found as usize).saturating_sub(data.len()));
    // One byte over, to notice a file that grows meanwhile.
    let rest = found.saturating_sub(data.len() as u64) + 1;
    file.take(rest).read_to_end(&mut data).map_err(read_fault)?;
    if data.len() as u64 != found {
        let now = data.len() as u64;
        return Err(fault(ArrayFault::DataLength { expected: found, found: now }));
    }
    Ok(data.chunks_exact(T::SIZE).map(T::from_bytes).collect())
}

fn check<T: Element>(header: &Header, shape: &[usize]) -> Result<(), ArrayFault> {
    if header.element != T::TYPE {
        let found = header.element.clone();
        return Err(ArrayFault::ElementType { expected: T::TYPE, found });
    }
    if !header.has_shape(shape) {
        let found = header.shape.clone();
        return Err(ArrayFault::Shape { expected: shape.to_vec(), found });
    }
    if header.column_major {
        return Err(ArrayFault::FortranOrder);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Half;

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
}
