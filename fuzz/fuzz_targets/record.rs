//! Rows of a store's file: an error, or a row that is written as it was read.

#![no_main]

use libfuzzer_sys::fuzz_target;
use store::record::{PersonRow, TemplateRow};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(row) = PersonRow::parse(bytes) {
        assert_eq!(row.to_bytes(), bytes);
    }
    if let Ok(row) = TemplateRow::parse(bytes) {
        assert_eq!(row.to_bytes(), bytes);
    }
});
