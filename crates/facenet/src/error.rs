//! The error type of this crate.

use crate::bounded_file::FileError;
use crate::encoding::EncodingError;
use crate::engine::EncodeError;
use crate::gallery::{EncodingsError, NameError, TemplateError};
use crate::matching::ThresholdError;
use crate::network::UnknownVariant;
use crate::npy::ArrayError;
use crate::weights::WeightsError;

/// Any error of this crate, for callers who treat them alike.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Weights cannot be read or do not fit the network.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A batch has the wrong shape or holds values that are not finite.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Numbers are not an encoding.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// A number is not a threshold.
    #[error(transparent)]
    Threshold(#[from] ThresholdError),
    /// A text is not a person's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Encodings have no mean.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A file is not an array of encodings.
    #[error(transparent)]
    Encodings(#[from] EncodingsError),
    /// A `.npy` file holds another array.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// A text names no variant of the network.
    #[error(transparent)]
    Variant(#[from] UnknownVariant),
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}
