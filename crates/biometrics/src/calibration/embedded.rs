//! The shipped weights' calibration inside the binary.
//!
//! `weights/calibration.json` belongs to the `.npy` files beside it; a test holds that
//! the hash in it is theirs, so that it need not be computed on every start.

use super::{Calibration, CalibrationError};

impl Calibration {
    /// The calibration of the [embedded weights](facenet::weights::Weights::embedded).
    ///
    /// # Errors
    /// When the binary was built with a file that is none.
    pub fn embedded() -> Result<Self, CalibrationError> {
        Self::parse(weights::CALIBRATION, "(embedded) calibration.json".as_ref())
    }
}
