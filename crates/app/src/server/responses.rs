//! What is sent, as JSON; `openapi.json` describes it.

use biometrics::RateEstimate;
use biometrics::policy::{VerificationPolicy, VerificationStats};
use facenet::matching::{Candidate, Recognition};
use faces::Face;
use serde::Serialize;
use store::{Model, Person, PersonSummary};

use crate::text::timestamp;

/// Where a face is in the picture.
#[derive(Debug, Serialize)]
pub(super) struct FacePlace {
    /// Left, top, width and height in pixels.
    #[serde(rename = "box")]
    place: Option<[f32; 4]>,
    /// Points of the face in pixels, where they are known: eyes, nose tip, corners of the
    /// mouth, left to right in the picture.
    landmarks: Option<[[f32; 2]; 5]>,
}

impl FacePlace {
    pub(super) fn of(face: &Face) -> Self {
        let place = face.detected.map(|detected| detected.place.sides());
        Self { place, landmarks: face.detected.and_then(|detected| detected.landmarks) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct CandidateRow {
    name: String,
    distance: f32,
}

impl From<Candidate> for CandidateRow {
    fn from(candidate: Candidate) -> Self {
        Self { name: candidate.name, distance: candidate.distance }
    }
}

/// A face and whose it is.
#[derive(Debug, Serialize)]
pub(super) struct RecognizedFace {
    #[serde(flatten)]
    place: FacePlace,
    person: Option<String>,
    distance: Option<f32>,
    candidates: Vec<CandidateRow>,
}

impl RecognizedFace {
    /// `answer` names the nearest, if there is anybody; `top` of them are listed.
    pub(super) fn new(face: &Face, answer: Recognition, top: usize) -> Self {
        Self {
            place: FacePlace::of(face),
            person: answer.person().map(|person| person.name.clone()),
            distance: answer.candidates.first().map(|nearest| nearest.distance),
            candidates: answer.candidates.into_iter().take(top).map(CandidateRow::from).collect(),
        }
    }
}

/// `POST /v1/recognize`
#[derive(Debug, Serialize)]
pub(super) struct Recognized {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) threshold: f32,
    /// How many the faces were compared with.
    pub(super) people: usize,
    /// How many of the strangers are taken for somebody, at most; null without a
    /// calibration.
    pub(super) fpir: Option<RateEstimate>,
    pub(super) faces: Vec<RecognizedFace>,
}

/// `POST /v1/verify`: what `facenet verify --json` prints, without names of files.
#[derive(Serialize)]
pub(super) struct Verified {
    #[serde(flatten)]
    pub(super) claim: Option<Claim>,
    pub(super) distance: f32,
    pub(super) threshold: f32,
    pub(super) same: bool,
    #[serde(flatten)]
    pub(super) stats: VerificationStats,
}

/// Whom a picture was compared with.
#[derive(Debug, Serialize)]
pub(super) struct Claim {
    pub(super) claim: String,
    /// How many photos the person's mean is of.
    pub(super) references: usize,
}

impl Verified {
    pub(super) fn new(
        distance: f32,
        policy: &VerificationPolicy,
        claim: Option<Claim>,
    ) -> anyhow::Result<Self> {
        let threshold = policy.threshold();
        let (same, stats) = (threshold.accepts(distance), policy.stats(distance)?);
        Ok(Self { claim, distance, threshold: threshold.distance(), same, stats })
    }
}

/// `POST /v1/encode`
#[derive(Debug, Serialize)]
pub(super) struct Encoded {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) model: ModelRow,
    pub(super) faces: Vec<EncodedFace>,
}

#[derive(Debug, Serialize)]
pub(super) struct ModelRow {
    variant: String,
    weights_sha256: String,
    framing: String,
}

impl From<&Model> for ModelRow {
    fn from(model: &Model) -> Self {
        let Model { variant, weights_sha256, framing } = model.clone();
        Self { variant, weights_sha256, framing }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct EncodedFace {
    #[serde(flatten)]
    place: FacePlace,
    encoding: Vec<f32>,
}

impl EncodedFace {
    pub(super) fn new(face: &Face) -> Self {
        Self { place: FacePlace::of(face), encoding: face.encoding.values().to_vec() }
    }
}

/// A person, without numbers.
#[derive(Debug, Serialize)]
pub(super) struct PersonRow {
    name: String,
    photos: usize,
    photos_kept: usize,
    enrolled: String,
    consent: Option<String>,
}

impl From<PersonSummary> for PersonRow {
    fn from(person: PersonSummary) -> Self {
        Self {
            name: person.name.as_str().to_owned(),
            photos: person.templates,
            photos_kept: person.photos,
            enrolled: timestamp(person.enrolled),
            consent: person.consent,
        }
    }
}

impl From<Person> for PersonRow {
    fn from(person: Person) -> Self {
        let kept = person.templates.iter().filter(|template| template.photo.is_some()).count();
        Self {
            name: person.name.as_str().to_owned(),
            photos: person.templates.len(),
            photos_kept: kept,
            enrolled: timestamp(person.enrolled),
            consent: person.consent,
        }
    }
}

/// `GET /v1/people`
#[derive(Debug, Serialize)]
pub(super) struct People {
    /// How many there are, of whom this may be a part.
    pub(super) total: usize,
    pub(super) people: Vec<PersonRow>,
}

/// `POST /v1/people`
#[derive(Debug, Serialize)]
pub(super) struct Enrolled {
    #[serde(flatten)]
    pub(super) person: PersonRow,
    pub(super) added: usize,
    /// Somebody else whom the network takes this person for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) resembles: Option<CandidateRow>,
}

impl CandidateRow {
    pub(super) fn new((name, distance): (String, f32)) -> Self {
        Self { name, distance }
    }
}
