//! A pack's targets: half precision on disk, unit length in use, checked between.

use training::dataset::{DatasetError, Pack};
use training::{Error, PackSource};

use crate::made;

#[test]
fn targets_come_out_as_unit_vectors() {
    let folder = made::pack(2);
    // 0.6 and 0.8 are no halves: those just below them are stored.
    let mut row = [0.0; 128];
    (row[3], row[127]) = (0.6, -0.8);
    let rows = [row; 6];
    std::fs::write(folder.path().join("target.npy"), made::targets(&rows)).unwrap();
    let pack = Pack::open(folder.path()).unwrap();
    assert!(pack.has_targets());
    let target = pack.target(5).unwrap();
    // 0.59961 and 0.79980 by 0.99962, their length.
    assert!((target[3] - 0.599_84).abs() < 1e-5, "{}", target[3]);
    assert!((target[127] + 0.800_12).abs() < 1e-5, "{}", target[127]);
    let length: f64 = target.iter().map(|&value| f64::from(value).powi(2)).sum();
    assert!((length - 1.0).abs() < 1e-6);
    assert_eq!(pack.target(6), None);
}

#[test]
fn damaged_targets_are_named() {
    let folder = made::pack(2);
    let path = folder.path().join("target.npy");
    let good = std::fs::read(&path).unwrap();
    let open = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Pack::open(folder.path())
    };
    let header = good.len() - 6 * 128 * 2;
    let replaced = |value: u16| {
        let mut bytes = good.clone();
        bytes[header + 2 * 128 * 2..][..2].copy_from_slice(&value.to_le_bytes());
        bytes
    };
    // NaN, infinity, 2 and 65,504.
    for value in [0x7e00, 0xfc00, 0x4000, 0x7bff] {
        let error = open(&replaced(value)).unwrap_err();
        assert!(matches!(error, DatasetError::Target { image: 2, .. }), "0x{value:04x}: {error}");
    }
    for bytes in [&good[..good.len() - 1], &made::npy(&[6, 128], &[0.1_f32; 768])] {
        let error = open(bytes).unwrap_err();
        assert!(matches!(error, DatasetError::Array { .. }), "{error}");
    }
    open(&good).unwrap();
}

#[test]
fn packs_lacking_something_are_no_source() {
    let folder = made::pack(2);
    std::fs::remove_file(folder.path().join("identity.npy")).unwrap();
    let error = PackSource::new(Pack::open(folder.path()).unwrap()).unwrap_err();
    assert!(matches!(error, Error::PackLacks { part: "identity.npy", .. }), "{error}");
}

#[test]
fn the_shared_targets_are_unit_vectors() {
    let Some(folder) = test_support::reference("faces") else { return };
    let pack = Pack::open(folder).unwrap();
    let cosine = |a: usize, b: usize| -> f32 {
        let (a, b) = (pack.target(a).unwrap(), pack.target(b).unwrap());
        a.iter().zip(b).map(|(a, b)| a * b).sum()
    };
    let last = pack.len() - 1;
    assert!((cosine(0, 0) - 1.0).abs() < 1e-5 && (cosine(last, last) - 1.0).abs() < 1e-5);
    assert!(cosine(0, last) < 0.99);
}
