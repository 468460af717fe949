//! People that are made up, and stores of them.

use facenet::gallery::PersonName;
use facenet::matching::Encoding;
use store::{Access, Enrolment, Location, Model, Store, StoreError};

pub(crate) fn model(digit: &str) -> Model {
    Model {
        variant: "happyhouse".into(),
        weights_sha256: digit.repeat(64),
        framing: "points-1".into(),
    }
}

pub(crate) fn name(text: &str) -> PersonName {
    PersonName::new(text).unwrap()
}

/// A unit vector whose bytes are found in no other file by chance.
pub(crate) fn encoding(seed: u64) -> Encoding {
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

pub(crate) fn enrolment(seeds: &[u64]) -> Enrolment {
    Enrolment {
        templates: seeds.iter().map(|&seed| encoding(seed).into()).collect(),
        ..Enrolment::default()
    }
}

pub(crate) fn open(at: &Location, access: Access) -> Result<Store, StoreError> {
    Store::open(at, &model("a"), access)
}

/// A store of `people` with one template each, whose seed is their number.
pub(crate) fn filled(at: &Location, people: u64) -> Store {
    let mut store = open(at, Access::Write).unwrap();
    let people: Vec<_> =
        (0..people).map(|n| (name(&format!("resident-{n:04}")), enrolment(&[n]))).collect();
    store.enroll_all(people.iter().map(|(name, enrolment)| (name, enrolment))).unwrap();
    store
}

pub(crate) fn bytes_of(encoding: &Encoding) -> Vec<u8> {
    encoding.values().iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// Whether `part` lies somewhere in `file`.
pub(crate) fn holds(file: &[u8], part: &[u8]) -> bool {
    file.windows(part.len()).any(|window| window == part)
}
