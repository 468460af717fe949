//! One tensor as OpenFace's weights circulate, which the converter reads: an error with line
//! and column, or finite numbers.
//!
//! The parser is private to its crate, so its file is taken in here, with what it leans on
//! there.

#![no_main]

use libfuzzer_sys::fuzz_target;

mod network {
    pub(crate) use facenet::network::TensorSpec;
}

#[path = "."]
mod weights {
    pub(crate) mod error {
        pub(crate) use facenet::weights::{TensorFault, WeightsError};
    }

    /// What reads whole files, which is not what is tried here.
    mod folder {
        use std::path::Path;

        use super::error::TensorFault;

        pub(super) fn read_bounded(
            path: &Path,
            _fits: impl Fn(u64) -> bool,
            _expected: impl Fn() -> String,
        ) -> Result<Vec<u8>, TensorFault> {
            std::fs::read(path).map_err(TensorFault::Read)
        }
    }

    fn checked(
        spec: &facenet::network::TensorSpec,
        values: Vec<f32>,
    ) -> Result<ndarray::ArrayD<f32>, error::TensorFault> {
        let (expected, found) = (spec.len(), values.len());
        ndarray::ArrayD::from_shape_vec(spec.shape.clone(), values)
            .map_err(|_| error::TensorFault::Count { expected, found })
    }

    #[allow(dead_code, reason = "only its parser and its writer are tried")]
    #[path = "../../crates/facenet/src/weights/csv.rs"]
    mod csv;

    pub(crate) fn run(bytes: &[u8]) {
        let Ok(values) = csv::parse(bytes) else { return };
        assert!(values.iter().all(|value| value.is_finite()));
        let again = csv::write(ndarray::ArrayView1::from(&values).into_dyn());
        assert_eq!(csv::parse(&again).ok(), Some(values), "what was written is not read back");
    }
}

fuzz_target!(|bytes: &[u8]| weights::run(bytes));
