//! Policies: which threshold is in force, and its error rates.
//!
//! A stranger who is compared with N photos has N chances to be taken for somebody, so one
//! threshold cannot serve all galleries. (Compared with the means of N photos, they have
//! about half as many on LFW: the threshold errs on the safe side.) There are two policies:
//!
//! | compared | policy | usual threshold |
//! | --- | --- | --- |
//! | one face with one person or face | [`VerificationPolicy`] | a false match rate of 1 in 1,000 |
//! | one face with everybody in a gallery | [`IdentificationPolicy`] | the same, or a stricter one where that would take more than 1 stranger in 100 for somebody |
//!
//! Grouping photos lets nobody in: it takes the threshold of one comparison, which
//! `docs/calibration.md` shows to be the better one for groups.

mod identification;
mod verification;

pub use identification::{
    GalleryThreshold, IdentificationOptions, IdentificationPolicy, Resemblance,
};
pub use verification::{
    Answer, CalibrationSummary, VerificationOptions, VerificationPolicy, VerificationStats,
};

use crate::calibration::CalibrationError;

/// Options that a calibration does not support.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A rate or a probability was asked for, but nothing is known of the model's distances.
    #[error("there is no calibration for these weights")]
    NoCalibration,
    /// The calibration has no answer.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
}
