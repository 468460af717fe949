//! Damaged and hostile files of numbers are errors that name the damage, and no panics. A
//! short version of the fuzz targets `npy` and `csv`; images are in `photo/damage.rs`.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::fs;
use std::path::Path;

use facenet::gallery::encodings_from_npy;
use facenet::network::tensor_table;
use facenet::weights::{Weights, WeightsError};
use proptest::prelude::*;

/// A file of two encodings, whole.
fn two_rows() -> Vec<u8> {
    let mut header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 128), }".to_owned();
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    for i in 0..256 {
        bytes.extend((if i % 129 == 0 { 1.0_f32 } else { 0.0 }).to_le_bytes());
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..Default::default() })]

    #[test]
    fn arrays_are_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = two_rows();
        prop_assert_eq!(encodings_from_npy(&bytes).unwrap().len(), 2);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        for row in encodings_from_npy(&bytes).unwrap_or_default() {
            let square: f32 = row.values().iter().map(|v| v * v).sum();
            prop_assert!((square - 1.0).abs() < 0.01);
        }
    }
}

/// The parser below takes twice the time for each bracket; these would take it years.
#[test]
fn headers_of_brackets_are_refused_at_once() {
    for bracket in ['[', '(', '{'] {
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend(120_u16.to_le_bytes());
        bytes.extend(std::iter::repeat_n(bracket as u8, 120));
        let error = encodings_from_npy(&bytes).unwrap_err();
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert!(reason.contains("120 brackets"), "{reason}");
    }
}

/// A folder whose every tensor file is the same file.
fn folder_of(bytes: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let first = folder.path().join("bytes");
    fs::write(&first, bytes).unwrap();
    for tensor in tensor_table() {
        let file = folder.path().join(format!("{}.csv", tensor.name));
        fs::hard_link(&first, file).unwrap();
    }
    fs::remove_file(first).unwrap();
    folder
}

fn read(folder: &Path) -> WeightsError {
    match Weights::from_csv_folder(folder, &|| ()) {
        Ok(_) => panic!("a few bytes are no network"),
        Err(error) => error,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn tables_of_numbers_are_refused_by_name(
        text in prop_oneof!["[-+0-9.eE,\r\n nainf_x<]{0,60}", "\\PC{0,40}"],
    ) {
        let error = read(folder_of(text.as_bytes()).path());
        prop_assert!(matches!(error, WeightsError::Tensor { .. }), "{}", error);
    }

    #[test]
    fn no_bytes_make_the_converter_panic(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        read(folder_of(&bytes).path());
    }
}
