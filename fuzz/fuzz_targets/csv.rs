//! One tensor as OpenFace's weights circulate, which the converter reads: an error with line
//! and column, or finite numbers.

#![no_main]

use facenet::weights::csv;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(values) = csv::parse(bytes) else { return };
    assert!(values.iter().all(|value| value.is_finite()));
    let again = csv::write(ndarray::ArrayView1::from(&values).into_dyn());
    assert_eq!(csv::parse(&again).ok(), Some(values), "what was written is not read back");
});
