//! The shipped weights' calibrations inside the binary, one for each number of looks.
//!
//! `weights/calibration.json` and `calibration-one-look.json` belong to the `.npy` files beside it; a test holds that
//! the hash in it is theirs, so that it need not be computed on every start.

use facenet::engine::Looks;

use super::{Calibration, CalibrationError};

impl Calibration {
    /// The calibration of the [embedded weights](facenet::weights::Weights::embedded).
    ///
    /// # Errors
    /// When the binary was built with a file that is none.
    pub fn embedded(looks: Looks) -> Result<Self, CalibrationError> {
        let (text, name) = match looks {
            Looks::One => (weights::CALIBRATION_ONE_LOOK, "(embedded) calibration-one-look.json"),
            Looks::Two => (weights::CALIBRATION, "(embedded) calibration.json"),
        };
        Self::parse(text, name.as_ref())
    }
}
