//! The error type of this crate.

use facenet::gallery::TemplateError;
use facenet::weights::WeightsError;

use crate::calibration::CalibrationError;
use crate::evaluation::EvaluationError;
use crate::policy::PolicyError;

/// Any error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A calibration cannot be made or used.
    #[error(transparent)]
    Calibration(#[from] CalibrationError),
    /// A measurement is refused.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A policy cannot be made.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Encodings have no mean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A model's weights cannot be read.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}
