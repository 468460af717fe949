//! The error type of this crate.

use facenet::engine::EncodeError;
use facenet::weights::WeightsError;

use crate::photo::Name;
use crate::{BadOption, FaceError, PhotoError, QualityError, UnknownChoice};

/// An error between a photo's file and the encoding of a face in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file is no photo that can be used. Names the file.
    #[error(transparent)]
    Photo(#[from] PhotoError),
    /// The photo shows no face, or several of which none was chosen.
    #[error(transparent)]
    Face(#[from] FaceError),
    /// A text names no choice of faces.
    #[error(transparent)]
    Choice(#[from] UnknownChoice),
    /// The face can hardly be seen.
    #[error(transparent)]
    Quality(#[from] QualityError),
    /// Another error, and the photo's file.
    #[error("{}: {source}", Name(file))]
    InFile {
        /// The file.
        file: String,
        /// What is wrong with the photo in it.
        source: Box<Error>,
    },
    /// An option of the detector is out of its range.
    #[error(transparent)]
    Detector(#[from] BadOption),
    /// A network's weights are not inside this binary.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The network gives no encoding.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl Error {
    /// Whether the photo is one, but no face in it can be used.
    pub fn is_unusable_face(&self) -> bool {
        match self {
            Self::Face(_) | Self::Quality(_) => true,
            Self::InFile { source, .. } => source.is_unusable_face(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FaceChoice;

    #[test]
    fn errors_of_parsing_are_errors_of_the_crate() {
        let parsed = |text: &str| -> Result<FaceChoice, Error> { Ok(text.parse()?) };
        assert!(matches!(parsed("all"), Ok(FaceChoice::All)));
        assert!(matches!(parsed("both"), Err(Error::Choice(_))));
    }
}
