//! Encodings as one NumPy array, which is how other programs hand them over.

use crate::matching::{Encoding, EncodingError};
use crate::network::ENCODING_LENGTH;
use crate::npy::{Header, HeaderFault};

/// A file that is no array of encodings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayError {
    /// Its header.
    #[error("this is no .npy file of encodings")]
    Header(#[from] HeaderFault),
    /// Other numbers, or in another order.
    #[error(
        "expected little-endian f32 (<f4) of shape (n, {ENCODING_LENGTH}) in C order, found {element} \
         of shape {shape:?}{order}", order = if *column_major { " in Fortran order" } else { "" }
    )]
    Kind {
        /// NumPy's name of the numbers' type.
        element: String,
        /// The axes.
        shape: Vec<u64>,
        /// Whether the first axis is the fastest.
        column_major: bool,
    },
    /// More or fewer bytes than the header says.
    #[error("expected {expected} bytes for {rows} rows, found {found}")]
    Length {
        /// As the header says.
        rows: u64,
        /// That many rows and the header.
        expected: u64,
        /// The file's.
        found: u64,
    },
    /// A row that is none.
    #[error("row {row} (counted from 0) is no encoding")]
    Row {
        /// Which.
        row: usize,
        /// Why.
        source: EncodingError,
    },
}

/// Reads an array of encodings from the bytes of a `.npy` file.
///
/// # Shapes
/// `(n, 128)`, little-endian f32, C order.
///
/// # Errors
/// When it is anything else, or a row is not of unit length.
pub fn encodings_from_npy(bytes: &[u8]) -> Result<Vec<Encoding>, ArrayError> {
    let header = Header::parse(bytes)?;
    let rows = match header.shape[..] {
        [rows, columns]
            if columns == ENCODING_LENGTH as u64
                && header.element == "<f4"
                && !header.column_major =>
        {
            rows
        }
        _ => {
            let Header { element, shape, column_major, .. } = header;
            return Err(ArrayError::Kind { element, shape, column_major });
        }
    };
    // The header's shape can be counted, in numbers; in bytes it may not be.
    let expected =
        rows.saturating_mul(4 * ENCODING_LENGTH as u64).saturating_add(header.length as u64);
    let found = bytes.len() as u64;
    if expected != found {
        return Err(ArrayError::Length { rows, expected, found });
    }
    let numbers = bytes[header.length..].as_chunks::<4>().0;
    numbers
        .chunks_exact(ENCODING_LENGTH)
        .enumerate()
        .map(|(row, numbers)| {
            Encoding::new(numbers.iter().map(|&number| f32::from_le_bytes(number)))
                .map_err(|source| ArrayError::Row { row, source })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(kind: &str, shape: &str, numbers: &[f32]) -> Vec<u8> {
        let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        bytes
    }

    #[test]
    fn rows_are_read_and_faults_are_told() {
        let mut numbers = [0.0; 256];
        (numbers[3], numbers[130]) = (1.0, -1.0);
        let whole = file("<f4", "(2, 128)", &numbers);
        let rows = encodings_from_npy(&whole).unwrap();
        assert_eq!((rows.len(), rows[1].values()[2]), (2, -1.0));
        for cut in 0..whole.len() {
            assert!(encodings_from_npy(&whole[..cut]).is_err(), "{cut}");
        }
        let fault = |bytes: Vec<u8>| encodings_from_npy(&bytes).unwrap_err();
        assert!(matches!(fault(file("<f8", "(2, 128)", &numbers)), ArrayError::Kind { .. }));
        assert!(matches!(fault(file("<f4", "(256,)", &numbers)), ArrayError::Kind { .. }));
        let most = format!("({}, 128)", 1_u64 << 57);
        assert!(matches!(fault(file("<f4", &most, &[])), ArrayError::Header(_)));
        let most = format!("({}, 128)", 1_u64 << 56);
        assert!(matches!(fault(file("<f4", &most, &[])), ArrayError::Length { .. }));
        numbers[130] = 0.5;
        let row = fault(file("<f4", "(2, 128)", &numbers));
        assert!(matches!(row, ArrayError::Row { row: 1, .. }), "{row}");
    }
}
