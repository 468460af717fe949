//! What a detector says of a face: its box, and its landmarks where the detector sees them.

use crate::{FaceBox, Landmarks};

/// A face that was detected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Where it is.
    pub face_box: FaceBox,
    /// Its landmarks; nothing from a detector that sees none.
    pub landmarks: Option<DetectedLandmarks>,
}

/// Landmarks that a detector saw together with the box.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedLandmarks {
    /// Where they are, in pixels of the photo.
    pub points: Landmarks,
    /// How far off they are expected to be along an axis, as a share of the box's side (the
    /// root of its area): the scale of a Laplace distribution, which is its mean absolute
    /// error. Less is surer.
    pub uncertainty: f32,
}

/// Uncertainty at which landmarks are as likely good as not.
const UNSURE: f32 = 0.1;

impl DetectedLandmarks {
    /// How sure the detector is of them, from 0 to 1: a half where the
    /// [uncertainty](Self::uncertainty) is a tenth of the box's side.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        let share = self.uncertainty / UNSURE;
        let confidence = 1.0 / (1.0 + share * share);
        if confidence.is_finite() { confidence } else { 0.0 }
    }
}

impl From<FaceBox> for Detection {
    fn from(face_box: FaceBox) -> Self {
        Self { face_box, landmarks: None }
    }
}

impl From<&FaceBox> for Detection {
    fn from(face_box: &FaceBox) -> Self {
        Self::from(*face_box)
    }
}

impl From<&Detection> for Detection {
    fn from(detection: &Detection) -> Self {
        *detection
    }
}

impl AsRef<FaceBox> for Detection {
    fn as_ref(&self) -> &FaceBox {
        &self.face_box
    }
}
