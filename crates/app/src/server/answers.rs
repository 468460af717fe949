//! What is sent, as JSON; `openapi.json` describes it.

use facenet::matching::{Candidate, Recognition, Threshold};
use serde::Serialize;
use store::{Model, Person, Summary};

use crate::commands::gallery::timestamp;
use crate::face_reader::Face;

/// Where a face is in the picture.
#[derive(Debug, Serialize)]
pub(super) struct Place {
    /// Left, top, width and height in pixels.
    #[serde(rename = "box")]
    place: Option<[f32; 4]>,
    /// Points of the face in pixels, where they are known: eyes, nose, corners of the
    /// mouth.
    #[serde(skip_serializing_if = "Option::is_none")]
    landmarks: Option<Vec<[f32; 2]>>,
}

impl Place {
    pub(super) fn of(face: &Face) -> Self {
        let place = face.place.map(|b| [b.x, b.y, b.width, b.height]);
        Self { place, landmarks: None }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Near {
    name: String,
    distance: f32,
}

impl From<Candidate> for Near {
    fn from(candidate: Candidate) -> Self {
        Self { name: candidate.name, distance: candidate.distance }
    }
}

/// A face and whose it is.
#[derive(Debug, Serialize)]
pub(super) struct RecognizedFace {
    #[serde(flatten)]
    place: Place,
    person: Option<String>,
    distance: Option<f32>,
    candidates: Vec<Near>,
}

impl RecognizedFace {
    pub(super) fn new(face: &Face, answer: Recognition) -> Self {
        Self {
            place: Place::of(face),
            person: answer.person().map(|person| person.name.clone()),
            distance: answer.candidates.first().map(|nearest| nearest.distance),
            candidates: answer.candidates.into_iter().map(Near::from).collect(),
        }
    }
}

/// `POST /v1/recognize`
#[derive(Debug, Serialize)]
pub(super) struct Recognized {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) threshold: f32,
    /// How many the face was compared with.
    pub(super) people: usize,
    pub(super) faces: Vec<RecognizedFace>,
}

/// `POST /v1/verify`
#[derive(Debug, Serialize)]
pub(super) struct Verified {
    pub(super) same: bool,
    pub(super) distance: f32,
    pub(super) threshold: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) claim: Option<String>,
}

impl Verified {
    pub(super) fn new(distance: f32, threshold: Threshold, claim: Option<String>) -> Self {
        let same = threshold.accepts(distance);
        Self { same, distance, threshold: threshold.distance(), claim }
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
}

impl From<&Model> for ModelRow {
    fn from(model: &Model) -> Self {
        let Model { variant, weights_sha256 } = model.clone();
        Self { variant, weights_sha256 }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct EncodedFace {
    #[serde(flatten)]
    place: Place,
    encoding: Vec<f32>,
}

impl EncodedFace {
    pub(super) fn new(face: &Face) -> Self {
        Self { place: Place::of(face), encoding: face.encoding.values().to_vec() }
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

impl From<Summary> for PersonRow {
    fn from(person: Summary) -> Self {
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
    pub(super) resembles: Option<Near>,
}

impl Near {
    pub(super) fn new((name, distance): (String, f32)) -> Self {
        Self { name, distance }
    }
}
