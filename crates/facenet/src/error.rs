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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PersonName, Threshold, Variant};

    #[test]
    fn errors_of_parsing_are_errors_of_the_crate() {
        let parsed = |variant: &str, threshold: &str, name: &str| -> Result<_, Error> {
            let (variant, threshold) = (variant.parse::<Variant>()?, threshold.parse()?);
            Ok::<(Variant, Threshold, PersonName), _>((variant, threshold, name.parse()?))
        };
        assert!(parsed("openface", "0.7", "kian").is_ok());
        assert!(matches!(parsed("none", "0.7", "kian"), Err(Error::Variant(_))));
        assert!(matches!(parsed("openface", "far", "kian"), Err(Error::Threshold(_))));
        assert!(matches!(parsed("openface", "0.7", ""), Err(Error::Name(_))));
    }
}
