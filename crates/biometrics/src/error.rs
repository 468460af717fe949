//! What can go wrong in this crate.

use facenet::weights::WeightsError;

use crate::calibration::CalibrationError;
use crate::evaluation::EvaluationError;
use crate::policy::PolicyError;

/// Any error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Of a calibration.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// Of a measurement.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// Of a policy.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Of a model's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
