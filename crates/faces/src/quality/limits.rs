//! From which measures on a face is refused, not enrolled, or warned of.

use crate::Visibility;
use crate::landmarks::LEAST_CONFIDENCE;

/// From where on a face is refused or warned of.
///
/// Chosen so that of the faces found in 1,583 photographs of 250×250 pixels (LFW) none is
/// refused and one in two hundred is warned of, nearly always for blur.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityLimits {
    /// Least size, in photo pixels.
    pub size: f32,
    /// Least sharpness.
    pub sharpness: f32,
    /// Least and greatest brightness.
    pub brightness: [f32; 2],
    /// Least contrast.
    pub contrast: f32,
    /// Greatest yaw to either side, in degrees.
    pub yaw: f32,
    /// Least confidence.
    pub confidence: f32,
    /// Least sureness that mouth and eyes can be seen.
    pub visibility: Visibility,
}

impl QualityLimits {
    /// Beyond these a face is refused.
    pub const REFUSE: Self = Self {
        size: 20.0,
        sharpness: 0.0006,
        brightness: [0.04, 0.97],
        contrast: 0.02,
        yaw: 70.0,
        confidence: 0.02,
        // A covered face is compared, with a warning; it is not enrolled.
        visibility: Visibility { mouth: 0.0, eyes: 0.0 },
    };

    /// Beyond these a face is not enrolled: later photos of the person are compared with it.
    pub const ENROLL: Self = Self { visibility: Self::WARN.visibility, ..Self::REFUSE };

    /// Beyond these it is warned of: an answer may be wrong.
    pub const WARN: Self = Self {
        size: 40.0,
        sharpness: 0.002,
        brightness: [0.12, 0.9],
        contrast: 0.05,
        yaw: 45.0,
        confidence: LEAST_CONFIDENCE,
        visibility: Visibility { mouth: 0.7, eyes: 0.5 },
    };
}
