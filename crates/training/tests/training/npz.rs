//! Arrays of an uncompressed `.npz` archive, as NumPy's `savez` writes it.
//!
//! Read here in a few lines, since the crates that read archives bring C code for
//! compressions that are not in use.

use std::collections::HashMap;
use std::path::Path;

use ndarray::ArrayD;

/// Every array by its name, as f64.
pub(crate) fn read(path: &Path) -> HashMap<String, ArrayD<f64>> {
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize, length: usize| {
        bytes[at..at + length].iter().rev().fold(0, |sum, &byte| sum << 8 | usize::from(byte))
    };
    // The end of the central directory says where that begins and what it holds.
    let end = bytes.len() - 22;
    assert_eq!(&bytes[end..end + 4], b"PK\x05\x06", "an archive without a comment");
    let (count, mut entry) = (number(end + 10, 2), number(end + 16, 4));
    let mut arrays = HashMap::new();
    for _ in 0..count {
        assert_eq!(&bytes[entry..entry + 4], b"PK\x01\x02");
        assert_eq!(number(entry + 10, 2), 0, "an entry that is not compressed");
        let (size, name, extra) =
            (number(entry + 24, 4), number(entry + 28, 2), number(entry + 30, 2));
        let (comment, local) = (number(entry + 32, 2), number(entry + 42, 4));
        let file = String::from_utf8(bytes[entry + 46..entry + 46 + name].to_vec()).unwrap();
        entry += 46 + name + extra + comment;
        let data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
        let array = npy(&bytes[data..data + size]);
        arrays.insert(file.strip_suffix(".npy").unwrap().to_owned(), array);
    }
    arrays
}

fn npy(bytes: &[u8]) -> ArrayD<f64> {
    let npy = npyz::NpyFile::new(bytes).unwrap();
    let shape: Vec<_> = npy.shape().iter().map(|&axis| axis as usize).collect();
    let values = match npy.try_data::<f32>() {
        Ok(values) => values.map(|value| f64::from(value.unwrap())).collect(),
        Err(npy) => npy.data::<f64>().unwrap().map(Result::unwrap).collect(),
    };
    ArrayD::from_shape_vec(shape, values).unwrap()
}
