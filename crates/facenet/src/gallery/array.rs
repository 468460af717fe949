//! Encodings as one NumPy array, which is how other programs hand them over.

use crate::matching::{Encoding, EncodingError};
use crate::network::ENCODING_LENGTH;
use crate::npy::{self, ArrayError};

/// A file that is no array of encodings.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingsError {
    /// Other numbers, another shape or another length.
    #[error("this is no .npy file of encodings")]
    Array(#[from] ArrayError),
    /// A row that is none.
    #[error("row {row} (counted from 0) is no encoding")]
    Row {
        /// Its position.
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
pub fn encodings_from_npy(bytes: &[u8]) -> Result<Vec<Encoding>, EncodingsError> {
    let numbers: Vec<f32> = npy::parse_rows(bytes, ENCODING_LENGTH)?;
    let rows = numbers.chunks_exact(ENCODING_LENGTH).enumerate();
    rows.map(|(row, numbers)| {
        let encoding = Encoding::new(numbers.iter().copied());
        encoding.map_err(|source| EncodingsError::Row { row, source })
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
        let fault = |kind, shape: &str, numbers: &[f32]| match encodings_from_npy(&file(
            kind, shape, numbers,
        ))
        .unwrap_err()
        {
            EncodingsError::Array(fault) => fault,
            error => panic!("{error}"),
        };
        let kind = fault("<f8", "(2, 128)", &numbers);
        assert!(matches!(kind, ArrayError::ElementType { expected: "<f4", .. }), "{kind}");
        let shape = fault("<f4", "(256,)", &numbers);
        assert!(matches!(shape, ArrayError::Shape { .. }), "{shape}");
        let header = fault("<f4", &format!("({}, 128)", 1_u64 << 57), &[]);
        assert!(matches!(header, ArrayError::Header(_)), "{header}");
        let length = fault("<f4", &format!("({}, 128)", 1_u64 << 56), &[]);
        assert!(matches!(length, ArrayError::DataLength { found: 0, .. }), "{length}");
        numbers[130] = 0.5;
        let row = encodings_from_npy(&file("<f4", "(2, 128)", &numbers)).unwrap_err();
        assert!(matches!(row, EncodingsError::Row { row: 1, .. }), "{row}");
    }
}
