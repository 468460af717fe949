//! JSON rows that more than one command prints. A key that is printed twice has one definition.

use std::path::Path;

use biometrics::policy::{GalleryThreshold, VerificationStats};
use facenet::matching::{Candidate, Recognition};
use faces::Face;
use serde::Serialize;

/// The row of a file that could not be processed.
#[derive(Serialize)]
pub(crate) struct ErrorRow {
    #[serde(flatten)]
    source: Source,
    error: String,
}

/// The file, under the key that the command's other rows have for it.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    File(String),
    Probe(String),
}

impl ErrorRow {
    /// For `detect` and `encode`, whose rows name a `file`.
    pub(crate) fn of_file(file: &Path, error: &anyhow::Error) -> Self {
        Self { source: Source::File(file.display().to_string()), error: format!("{error:#}") }
    }

    /// For `recognize` and `watch`, whose rows name a `probe`.
    pub(crate) fn of_probe(probe: &Path, error: &anyhow::Error) -> Self {
        Self { source: Source::Probe(probe.display().to_string()), error: format!("{error:#}") }
    }
}

/// One face of `recognize` and `watch`.
#[derive(Serialize)]
pub(crate) struct RecognitionRow<'a> {
    probe: String,
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
            probe: probe.display().to_string(),
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
    pub(crate) probe: String,
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
}

/// What a probe was compared with.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Reference<'a> {
    /// Another photo.
    Photo { reference: String },
    /// The mean of a person's `references` photos.
    Person { claim: &'a str, references: usize, skipped: usize },
}

/// The detected face's box: left, top, width, height; none for a face crop.
pub(crate) fn face_box(face: &Face) -> Option<[f32; 4]> {
    face.detected.map(|detected| detected.place.sides())
}
