//! Invented people, and stores of them.

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use store::{Access, Enrollment, Error, Model, Store};

use crate::Open;

/// A model whose weights hash to a repeated digit.
pub fn model(digit: &str) -> Model {
    Model {
        variant: "happyhouse".into(),
        weights_sha256: digit.repeat(64),
        crop_version: "points-1".into(),
    }
}

/// A person's name.
pub fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

/// A unit vector whose bytes are in no other file by chance.
pub fn encoding(seed: u64) -> Encoding {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let values: Vec<f64> = (0..128)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 40) as f64 - f64::from(1 << 23)
        })
        .collect();
    let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
    Encoding::new(values.into_iter().map(|v| (v / length) as f32)).unwrap()
}

/// An enrollment with one template for each seed.
pub fn enrollment(seeds: &[u64]) -> Enrollment {
    Enrollment {
        templates: seeds.iter().map(|&seed| encoding(seed).into()).collect(),
        ..Enrollment::default()
    }
}

/// Opens the store for templates of model "a".
pub fn open(at: &Open<'_>, access: Access) -> Result<Store, Error> {
    at(&model("a"), access)?.expect_model(&model("a"))
}

/// A store of so many people, each with one template whose seed is their number.
pub fn filled(at: &Open<'_>, people: u64) -> Store {
    let mut store = open(at, Access::Write).unwrap();
    let people: Vec<_> =
        (0..people).map(|n| (name(&format!("resident-{n:04}")), enrollment(&[n]))).collect();
    store.enroll_all(people.iter().map(|(name, enrollment)| (name, enrollment))).unwrap();
    store
}

/// The bytes of an encoding, as a file has them.
pub fn bytes_of(encoding: &Encoding) -> Vec<u8> {
    encoding.values().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Whether `file` contains `part`.
pub fn contains(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}
