//! Rows of the store of people: an error, or a row that is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, reason = "its file is private to its crate and taken in whole")]
#[path = "../../crates/store/src/record.rs"]
mod record;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(row) = record::PersonRow::parse(bytes) {
        assert_eq!(row.to_bytes(), bytes);
    }
    if let Ok(row) = record::TemplateRow::parse(bytes) {
        assert_eq!(row.to_bytes(), bytes);
    }
});
