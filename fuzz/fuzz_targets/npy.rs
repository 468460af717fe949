//! An array of encodings from another program: an error, or rows that are encodings.

#![no_main]

use facenet::gallery::encodings_from_npy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(rows) = encodings_from_npy(bytes) else { return };
    for row in rows {
        let length = row.values().iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt();
        assert!((length - 1.0).abs() < 0.01, "a row of length {length}");
    }
});
