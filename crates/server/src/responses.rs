//! JSON bodies of the answers; `openapi.json` describes it. Rows that the program prints, too, are
//! the crate `report`'s.

use biometrics::RateEstimate;
use biometrics::calibration::CalibrationError;
use biometrics::policy::VerificationPolicy;
use faces::Face;
use report::{
    CandidateRow, ComparisonRow, DetectedFaceRow, IdentityRow, LocationRow, PersonRow,
    is_outside_measured, warnings,
};
use serde::Serialize;
use store::Model;

/// `POST /v1/recognize`
#[derive(Debug, Serialize)]
pub(crate) struct Recognized {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) threshold: f32,
    /// How many the faces were compared with.
    pub(crate) people: usize,
    /// How many of the strangers are expected to be taken for somebody, if they look no more
    /// alike than the calibration's people; null unless that is known.
    pub(crate) fpir: Option<RateEstimate>,
    /// Whether the enrolled people look more alike than the calibration's; null without a
    /// calibration, or where it has too few pairs to tell.
    pub(crate) are_alike: Option<bool>,
    pub(crate) faces: Vec<IdentityRow>,
}

/// `POST /v1/verify`: what `facenet verify --json` prints, without names of files.
#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    #[serde(flatten)]
    pub(crate) claim: Option<Claim>,
    #[serde(flatten)]
    pub(crate) comparison: ComparisonRow,
    /// Whether a face can be seen less well than those that the rates were measured on, so
    /// that there is no probability.
    pub(crate) outside_measured: bool,
    /// Why the answer may be wrong.
    pub(crate) warnings: Vec<String>,
}

impl Verified {
    /// The policy's answer to the distance of faces, each with the words that its warnings
    /// begin with.
    pub(crate) fn new(
        claim: Option<Claim>,
        distance: f32,
        faces: &[(&str, &Face)],
        policy: &VerificationPolicy,
    ) -> Result<Self, CalibrationError> {
        let of = |(prefix, face): &(&str, &Face)| {
            let about = |warning| format!("{prefix}{warning}");
            warnings(face).into_iter().map(about).collect::<Vec<_>>()
        };
        let all: Vec<_> = faces.iter().map(|(_, face)| *face).collect();
        Ok(Self {
            claim,
            comparison: ComparisonRow::of_faces(distance, &all, policy)?,
            outside_measured: is_outside_measured(&all),
            warnings: faces.iter().flat_map(of).collect(),
        })
    }
}

/// The person or the photo of the comparison.
#[derive(Debug, Serialize)]
pub(crate) struct Claim {
    pub(crate) claim: String,
    /// How many photos the person's mean is of.
    pub(crate) references: usize,
}

/// `POST /v1/detect`
#[derive(Debug, Serialize)]
pub(crate) struct Detected {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) faces: Vec<DetectedFaceRow>,
}

/// `POST /v1/encode`
#[derive(Debug, Serialize)]
pub(crate) struct Encoded {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) model: ModelRow,
    pub(crate) faces: Vec<EncodedFace>,
}

#[derive(Debug, Serialize)]
pub(crate) struct ModelRow {
    variant: String,
    weights_sha256: String,
    crop_version: String,
}

impl From<&Model> for ModelRow {
    fn from(model: &Model) -> Self {
        let Model { variant, weights_sha256, crop_version } = model.clone();
        Self { variant, weights_sha256, crop_version }
    }
}

#[derive(Debug, Serialize)]
pub(crate) struct EncodedFace {
    #[serde(flatten)]
    location: LocationRow,
    encoding: Vec<f32>,
}

impl From<&Face> for EncodedFace {
    fn from(face: &Face) -> Self {
        Self { location: face.into(), encoding: face.encoding.values().to_vec() }
    }
}

/// `GET /v1/access`: what whoever asks may do.
#[derive(Debug, Serialize)]
pub(crate) struct Access {
    pub(crate) ring: bool,
    pub(crate) list: bool,
    pub(crate) change: bool,
    /// Whether the page's door asks for a turn of the head.
    pub(crate) challenge: bool,
}

/// `GET /v1/people`
#[derive(Debug, Serialize)]
pub(crate) struct People {
    /// How many there are, of whom this may be a part.
    pub(crate) total: usize,
    pub(crate) people: Vec<PersonRow>,
}

/// `GET /v1/people/{name}/photos`
#[derive(Debug, Serialize)]
pub(crate) struct Photos {
    pub(crate) photos: Vec<PhotoRow>,
}

/// A photo of somebody who is enrolled.
#[derive(Debug, Serialize)]
pub(crate) struct PhotoRow {
    /// What it is called in paths; the same as long as it is enrolled.
    pub(crate) id: String,
    pub(crate) added: String,
    /// Whether its file is kept.
    pub(crate) kept: bool,
}

/// `POST /v1/people`
#[derive(Debug, Serialize)]
pub(crate) struct Enrolled {
    #[serde(flatten)]
    pub(crate) person: PersonRow,
    pub(crate) added: usize,
    /// Photos that the person has already, or that came twice.
    pub(crate) copies: usize,
    /// Another person for whom the network takes this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resembles: Option<CandidateRow>,
}
