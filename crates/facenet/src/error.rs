//! What can go wrong in this crate.

use crate::bounded_file::FileError;
use crate::encoding::EncodingError;
use crate::engine::EncodeError;
use crate::gallery::{ArrayError, NameError, TemplateError};
use crate::matching::ThresholdError;
use crate::npy::ArrayFault;
use crate::weights::WeightsError;

/// Any error of this crate, for callers who treat them alike.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Of a network's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Of a batch that is to be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Of numbers that are to be an encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// Of a number that is to be a threshold.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// Of a person's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Of encodings that are to be a person's template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// Of a file of encodings.
    #[error(transparent)]
    Encodings(#[from] ArrayError),
    /// Of an array in a `.npy` file.
    #[error(transparent)]
    Array(#[from] ArrayFault),
    /// Of a file.
    #[error(transparent)]
    File(#[from] FileError),
}
