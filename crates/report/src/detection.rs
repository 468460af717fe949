//! Rows of detection: a face of a photo, how well it can be seen, and what is wrong with it.

use faces::{
    AlignedFace, CropMethod, FaceBox, FaceQuality, QualityIssue, QualityLimits, Visibility,
};
use serde::Serialize;

/// One face. Coordinates are in pixels of the upright photo.
#[derive(Clone, Debug, Serialize)]
pub struct DetectedFaceRow {
    /// Left, top, width, height.
    #[serde(rename = "box")]
    pub face_box: [f32; 4],
    /// How sure the detector is, on its own scale.
    pub score: f32,
    /// Both eyes, the tip of the nose, both corners of the mouth.
    pub landmarks: [[f32; 2]; 5],
    /// How the crop was aligned: by `landmarks` or the `box`.
    pub crop_method: &'static str,
    /// How well it can be seen.
    pub quality: QualityRow,
    /// For what it is not compared.
    pub refused: Vec<LimitRow>,
    /// Why an answer about it may be wrong.
    pub warnings: Vec<LimitRow>,
}

/// What was measured of a face: see [`FaceQuality`].
#[derive(Clone, Debug, Serialize)]
pub struct QualityRow {
    size: f32,
    sharpness: f32,
    brightness: f32,
    contrast: f32,
    yaw: f32,
    roll: f32,
    confidence: f32,
    /// How sure it is that the mouth can be seen, and the eyes.
    mouth: f32,
    eyes: f32,
}

/// A measure beyond its limit.
#[derive(Clone, Debug, Serialize)]
pub struct LimitRow {
    measure: &'static str,
    found: f32,
    limit: f32,
    reason: String,
}

impl From<&QualityIssue> for LimitRow {
    fn from(fault: &QualityIssue) -> Self {
        let &QualityIssue { measure, found, limit, .. } = fault;
        Self { measure, found, limit, reason: fault.to_string() }
    }
}

impl From<FaceQuality> for QualityRow {
    fn from(quality: FaceQuality) -> Self {
        let FaceQuality {
            size,
            sharpness,
            brightness,
            contrast,
            yaw,
            roll,
            confidence,
            visibility,
        } = quality;
        let Visibility { mouth, eyes } = visibility;
        Self { size, sharpness, brightness, contrast, yaw, roll, confidence, mouth, eyes }
    }
}

impl From<&AlignedFace> for DetectedFaceRow {
    fn from(face: &AlignedFace) -> Self {
        let FaceBox { x, y, width, height, score } = face.face_box;
        let [refused, warnings] = faults(face);
        let rows = |faults: Vec<QualityIssue>| faults.iter().map(Into::into).collect();
        Self {
            face_box: [x, y, width, height],
            score,
            landmarks: face.landmarks,
            crop_method: match face.method {
                CropMethod::Landmarks => "landmarks",
                CropMethod::Box => "box",
            },
            quality: face.quality.into(),
            refused: rows(refused),
            warnings: rows(warnings),
        }
    }
}

/// The limits that a face is refused for, and those that it is only warned of.
#[must_use]
pub fn faults(face: &AlignedFace) -> [Vec<QualityIssue>; 2] {
    let refused = face.quality.faults(&QualityLimits::REFUSE);
    let mut warnings = face.quality.faults(&QualityLimits::WARN);
    warnings.retain(|warning| refused.iter().all(|fault| fault.measure != warning.measure));
    [refused, warnings]
}
