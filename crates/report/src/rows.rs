//! Rows of JSON. What the program prints and the server sends is flattened into the rows of
//! each from the same struct.

use std::path::Path;

use biometrics::policy::GalleryThreshold;
use facenet::matching::{Candidate, Recognition};
use faces::Face;
use serde::Serialize;
use store::{Person, PersonSummary};

use crate::PathRow;
use crate::comparison::warnings;

/// Where a face is in its photo; all null for a photo that is a face crop.
#[derive(Clone, Debug, Serialize)]
pub struct LocationRow {
    /// The detected face's left, top, width and height in pixels.
    #[serde(rename = "box")]
    pub face_box: Option<[f32; 4]>,
    /// Eyes, nose tip and mouth corners in pixels, left to right in the photo, where they
    /// were found.
    pub landmarks: Option<[[f32; 2]; 5]>,
}

impl From<&Face> for LocationRow {
    fn from(face: &Face) -> Self {
        let face_box = face.detected.map(|detected| detected.face_box.sides());
        Self { face_box, landmarks: face.detected.and_then(|detected| detected.landmarks) }
    }
}

/// A person, and how far a face is from theirs.
#[derive(Clone, Debug, Serialize)]
pub struct CandidateRow {
    /// The person's name.
    pub name: String,
    /// The distance, 0 to 2.
    pub distance: f32,
}

impl From<Candidate> for CandidateRow {
    fn from(Candidate { name, distance }: Candidate) -> Self {
        Self { name, distance }
    }
}

/// A face, and whose it is.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityRow {
    #[serde(flatten)]
    location: LocationRow,
    /// The recognized person.
    person: Option<String>,
    /// The recognized person's distance, or else the nearest one's.
    distance: Option<f32>,
    /// The nearest people.
    candidates: Vec<CandidateRow>,
    /// Why the answer may be wrong, such as a mouth that looks covered.
    warnings: Vec<String>,
}

/// Identity of a face, among the faces of its photo: see
/// [`names_in_photo`](facenet::matching::names_in_photo).
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The nearest people.
    pub recognition: &'a Recognition,
    /// Whose face it is.
    pub name: Option<&'a Candidate>,
    /// How many of the nearest are listed.
    pub top: usize,
}

impl<'a> Identity<'a> {
    /// The people that are listed.
    #[must_use]
    pub fn candidates(&self) -> &'a [Candidate] {
        let all = &self.recognition.candidates;
        &all[..all.len().min(self.top)]
    }
}

impl IdentityRow {
    /// The distance is the recognized person's, or else the nearest one's, listed or not.
    pub fn new(face: &Face, identity: Identity<'_>) -> Self {
        let nearest = identity.name.or(identity.recognition.candidates.first());
        Self {
            location: face.into(),
            person: identity.name.map(|person| person.name.clone()),
            distance: nearest.map(|nearest| nearest.distance),
            candidates: identity.candidates().iter().cloned().map(Into::into).collect(),
            warnings: warnings(face),
        }
    }

    /// The same with no other person listed than the recognized one.
    #[must_use]
    pub fn of_recognized(face: &Face, identity: Identity<'_>) -> Self {
        let candidates = identity.name.cloned().map(Into::into).into_iter().collect();
        Self { candidates, ..Self::new(face, identity) }
    }
}

/// One face of `recognize` and `watch`.
#[derive(Debug, Serialize)]
pub struct RecognitionRow {
    #[serde(flatten)]
    probe: PathRow,
    #[serde(flatten)]
    identity: IdentityRow,
    #[serde(flatten)]
    threshold: GalleryThreshold,
    skipped: usize,
}

impl RecognitionRow {
    /// `skipped` counts the photos of the gallery that could not be used.
    pub fn new(
        probe: &Path,
        face: &Face,
        identity: Identity<'_>,
        threshold: GalleryThreshold,
        skipped: usize,
    ) -> Self {
        let identity = IdentityRow::new(face, identity);
        Self { probe: PathRow::new("probe", probe), identity, threshold, skipped }
    }
}

/// An enrolled person, without encodings and photos.
#[derive(Clone, Debug, Serialize)]
pub struct PersonRow {
    name: String,
    /// Photos that were enrolled.
    photos: usize,
    /// Photos whose files are stored.
    photos_kept: usize,
    enrolled: String,
    consent: Option<String>,
}

impl From<&PersonSummary> for PersonRow {
    fn from(person: &PersonSummary) -> Self {
        Self {
            name: person.name.as_str().to_owned(),
            photos: person.templates,
            photos_kept: person.photos,
            enrolled: crate::timestamp(person.enrolled),
            consent: person.consent.clone(),
        }
    }
}

impl From<&Person> for PersonRow {
    fn from(person: &Person) -> Self {
        (&PersonSummary::from(person)).into()
    }
}

#[cfg(test)]
mod tests {
    use facenet::gallery::PersonName;
    use facenet::matching::{Encoding, Threshold};

    use super::*;

    fn face() -> Face {
        let values = (0..128).map(|i| f32::from(u8::from(i == 0)));
        Face { detected: None, encoding: Encoding::new(values).unwrap() }
    }

    #[test]
    fn the_nearest_person_counts_even_if_no_candidate_is_listed() {
        let candidate = Candidate { name: "kian".to_owned(), distance: 0.25 };
        let threshold = Threshold::new(0.5).unwrap();
        let recognition = Recognition { candidates: vec![candidate], threshold };
        let name = recognition.person();
        let row = IdentityRow::new(&face(), Identity { recognition: &recognition, name, top: 0 });
        let json = serde_json::to_value(row).unwrap();
        let expected = serde_json::json!({
            "box": null, "landmarks": null, "person": "kian", "distance": 0.25, "candidates": [],
            "warnings": [],
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn a_summary_and_the_whole_person_give_the_same_row() {
        let template = |photo| store::Template { encoding: face().encoding, added: 0, photo };
        let person = Person {
            name: PersonName::new("kian").unwrap(),
            enrolled: 0,
            consent: Some("by word".to_owned()),
            templates: vec![template(None), template(Some(vec![1]))],
        };
        let json = serde_json::to_value(PersonRow::from(&person)).unwrap();
        let expected = serde_json::json!({
            "name": "kian", "photos": 2, "photos_kept": 1, "enrolled": "1970-01-01T00:00:00Z",
            "consent": "by word",
        });
        assert_eq!(json, expected);
    }
}
