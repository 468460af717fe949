//! JSON rows that more than one command prints. A key that is printed twice has one definition.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use biometrics::RateEstimate;
use biometrics::policy::{GalleryThreshold, VerificationStats};
use facenet::matching::{Candidate, Recognition};
use faces::Face;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A file's path under a key of its row. One that is not in UTF-8 has its bytes beside it, in
/// base64 under `KEY_bytes`, since the text alone would not lead back to the file.
#[derive(Clone, Debug)]
pub(crate) struct PathRow {
    key: &'static str,
    path: PathBuf,
}

impl PathRow {
    /// The path under `file`, `probe` or `reference`.
    pub(crate) fn new(key: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { key, path: path.into() }
    }
}

impl Serialize for PathRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, &self.path.to_string_lossy())?;
        if self.path.to_str().is_none() {
            let bytes = BASE64_STANDARD.encode(self.path.as_os_str().as_encoded_bytes());
            map.serialize_entry(&format!("{}_bytes", self.key), &bytes)?;
        }
        map.end()
    }
}

/// The row of a file that could not be processed.
#[derive(Serialize)]
pub(crate) struct ErrorRow {
    #[serde(flatten)]
    source: PathRow,
    error: String,
}

impl ErrorRow {
    /// For `detect` and `encode`, whose rows name a `file`.
    pub(crate) fn of_file(file: &Path, error: &anyhow::Error) -> Self {
        Self { source: PathRow::new("file", file), error: format!("{error:#}") }
    }

    /// For `recognize` and `watch`, whose rows name a `probe`.
    pub(crate) fn of_probe(probe: &Path, error: &anyhow::Error) -> Self {
        Self { source: PathRow::new("probe", probe), error: format!("{error:#}") }
    }
}

/// One face of `recognize` and `watch`.
#[derive(Serialize)]
pub(crate) struct RecognitionRow<'a> {
    #[serde(flatten)]
    probe: PathRow,
    #[serde(rename = "box")]
    face_box: Option<[f32; 4]>,
    landmarks: Option<[[f32; 2]; 5]>,
    person: Option<&'a str>,
    distance: Option<f32>,
    #[serde(flatten)]
    threshold: GalleryThreshold,
    candidates: Vec<CandidateRow<'a>>,
    skipped: usize,
}

#[derive(Serialize)]
struct CandidateRow<'a> {
    name: &'a str,
    distance: f32,
}

/// Who a face is, among the faces of its photo: see `names_in_photo`.
#[derive(Clone, Copy)]
pub(crate) struct Identity<'a> {
    /// The nearest people.
    pub(crate) recognition: &'a Recognition,
    /// Whose face it is.
    pub(crate) name: Option<&'a Candidate>,
    /// How many of the nearest are listed.
    pub(crate) top: usize,
}

impl<'a> Identity<'a> {
    /// The people that are listed.
    pub(crate) fn candidates(&self) -> &'a [Candidate] {
        let all = &self.recognition.candidates;
        &all[..all.len().min(self.top)]
    }
}

impl<'a> RecognitionRow<'a> {
    /// `skipped` counts the photos of the gallery that could not be used.
    pub(crate) fn new(
        probe: &Path,
        face: &Face,
        answer: Identity<'a>,
        threshold: GalleryThreshold,
        skipped: usize,
    ) -> Self {
        let row =
            |person: &'a Candidate| CandidateRow { name: &person.name, distance: person.distance };
        let candidates = answer.candidates().iter().map(row);
        Self {
            probe: PathRow::new("probe", probe),
            face_box: face_box(face),
            landmarks: face.detected.and_then(|detected| detected.landmarks),
            person: answer.name.map(|person| person.name.as_str()),
            distance: answer.recognition.candidates.first().map(|nearest| nearest.distance),
            threshold,
            candidates: candidates.collect(),
            skipped,
        }
    }
}

/// One comparison of `verify`.
#[derive(Serialize)]
pub(crate) struct VerificationRow<'a> {
    #[serde(flatten)]
    pub(crate) probe: PathRow,
    #[serde(flatten)]
    pub(crate) reference: Reference<'a>,
    pub(crate) distance: f32,
    pub(crate) threshold: f32,
    pub(crate) same: bool,
    /// In the demonstration, whether the answer is correct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) correct: Option<bool>,
    #[serde(flatten)]
    pub(crate) stats: VerificationStats,
    /// Which faces were compared; nothing in the demonstration.
    #[serde(flatten)]
    pub(crate) pair: Option<PairRow>,
}

/// The nearest pair of faces, of those of both photos.
#[derive(Serialize)]
pub(crate) struct PairRow {
    /// The probe's face: left, top, width, height.
    #[serde(rename = "box")]
    pub(crate) face_box: Option<[f32; 4]>,
    /// The reference's.
    pub(crate) reference_box: Option<[f32; 4]>,
    /// How many pairs of faces there are.
    pub(crate) pairs: usize,
    /// The false match rate of the nearest of so many pairs; `fmr` is that of one.
    pub(crate) fmr_of_nearest: Option<RateEstimate>,
    /// Whether a face can be seen less well than those that the rates were measured on, so
    /// that there is no probability.
    pub(crate) outside_measured: bool,
}

/// What a probe was compared with.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Reference<'a> {
    /// Another photo.
    Photo(PathRow),
    /// The mean of a person's `references` photos.
    Person { claim: &'a str, references: usize, skipped: usize },
}

/// The detected face's box: left, top, width, height; none for a face crop.
pub(crate) fn face_box(face: &Face) -> Option<[f32; 4]> {
    face.detected.map(|detected| detected.place.sides())
}
