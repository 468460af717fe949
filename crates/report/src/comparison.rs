//! Rows of `verify`: one comparison, its answer, and what is known of it.

use biometrics::RateEstimate;
use biometrics::calibration::CalibrationError;
use biometrics::policy::{VerificationPolicy, VerificationStats};
use faces::Face;
use serde::Serialize;

use crate::PathRow;

/// One comparison: its distance, its answer, and what is known of both.
#[derive(Debug, Serialize)]
pub struct ComparisonRow {
    distance: f32,
    threshold: f32,
    same: bool,
    /// Statistics of the distance.
    #[serde(flatten)]
    pub stats: VerificationStats,
}

impl ComparisonRow {
    /// The policy's answer to the distance.
    ///
    /// # Errors
    /// As [`VerificationPolicy::stats`].
    pub fn new(distance: f32, policy: &VerificationPolicy) -> Result<Self, CalibrationError> {
        let threshold = policy.threshold();
        let (same, stats) = (threshold.accepts(distance), policy.stats(distance)?);
        Ok(Self { distance, threshold: threshold.distance(), same, stats })
    }

    /// The same of faces of which one may be seen less well than those that the rates were
    /// measured on: there is no probability then, and the threshold alone answers.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_faces(
        distance: f32,
        faces: &[&Face],
        policy: &VerificationPolicy,
    ) -> Result<Self, CalibrationError> {
        let mut comparison = Self::new(distance, policy)?;
        if is_outside_measured(faces) {
            comparison.stats.probability = None;
            comparison.stats.answer = policy.answer_by_threshold(distance);
        }
        Ok(comparison)
    }
}

/// Whether one of the faces can be seen less well than those that the rates were measured on.
#[must_use]
pub fn is_outside_measured(faces: &[&Face]) -> bool {
    faces.iter().any(|face| !face.warnings().is_empty())
}

/// Why an answer about a face may be wrong, and what its photo's file lacks.
#[must_use]
pub fn warnings(face: &Face) -> Vec<String> {
    let mut warnings: Vec<_> = face.warnings().iter().map(ToString::to_string).collect();
    if let Some(detected) = &face.detected {
        if detected.missing > 0.0 {
            let missing = 100.0 * detected.missing;
            warnings.push(format!("the file ends early, {missing:.0} % of the photo is missing"));
        }
        if detected.is_coarse {
            warnings.push("the file ends early: the photo lacks its last details".to_owned());
        }
    }
    warnings
}

/// One comparison of `verify`.
#[derive(Debug, Serialize)]
pub struct VerificationRow<'a> {
    /// The photo.
    #[serde(flatten)]
    pub probe: PathRow,
    /// The other side of the comparison.
    #[serde(flatten)]
    pub reference: Reference<'a>,
    /// The answer.
    #[serde(flatten)]
    pub comparison: ComparisonRow,
    /// In the demonstration, whether the answer is correct.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// Which faces were compared; nothing in the demonstration.
    #[serde(flatten)]
    pub pair: Option<PairRow>,
}

/// The nearest pair of faces, of those of both photos.
#[derive(Debug, Serialize)]
pub struct PairRow {
    /// The probe's face: left, top, width, height.
    #[serde(rename = "box")]
    pub face_box: Option<[f32; 4]>,
    /// The reference's.
    pub reference_box: Option<[f32; 4]>,
    /// How many pairs of faces there are.
    pub pairs: usize,
    /// The false match rate of the nearest of so many pairs; `fmr` is that of one.
    pub fmr_of_nearest: Option<RateEstimate>,
    /// Whether a face can be seen less well than those that the rates were measured on, so
    /// that there is no probability.
    pub outside_measured: bool,
    /// Why the answer may be wrong: of the probe's face, then of the reference's.
    pub warnings: [Vec<String>; 2],
}

/// The other side of a comparison with a probe.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Reference<'a> {
    /// Another photo.
    Photo(PathRow),
    /// The mean of a person's photos.
    Person {
        /// The person's name.
        claim: &'a str,
        /// How many photos it is the mean of.
        references: usize,
        /// Photos of the person that could not be used.
        skipped: usize,
    },
}
