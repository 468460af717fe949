//! Whether a face can be seen well enough to be compared.
//!
//! The network gives 128 numbers to anything. Of a face that is a few pixels wide,
//! blurred, dark or turned away they say little, and a stranger may come near by
//! chance. So a face is measured first, on its crop and landmarks, and refused or warned
//! of with the measured value and its limit.
//!
//! | measure | unit | how |
//! | --- | --- | --- |
//! | size | photo pixels | side of the square that becomes the crop |
//! | sharpness | share | energy of the crop's Laplacian against the crop's variance |
//! | brightness | 0 to 1 | mean of the face's middle |
//! | contrast | 0 to 0.5 | standard deviation there |
//! | yaw | degrees | how far the head is turned aside, from nose and eyes |
//! | roll | degrees | how far it is tilted to a shoulder; of no harm, aligned away |
//! | confidence | 0 to 1 | the landmark network's, that this is a face |
//! | mouth | 0 to 1 | how sure a [network](crate::visibility) is that the mouth can be seen |
//! | eyes | 0 to 1 | the same of the eyes |

mod limits;

use std::fmt;

use facenet::network::INPUT_SIZE;
use ndarray::ArrayView3;

pub use limits::QualityLimits;

use crate::landmarks::Landmarks;
use crate::{Similarity, Visibility};

/// How far the tip of the nose stands before the eyes, in eye distances; a mean of
/// adults, for [`FaceQuality::yaw`].
const NOSE: f32 = 0.55;
/// The middle of the crop that is skin in most faces: rows and columns from, to.
const FACE: [usize; 2] = [20, 76];

/// Measured quality of a face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceQuality {
    /// Side of the square of the photo that becomes the crop, in photo pixels; the
    /// eyes of a frontal face are 0.36 of it apart.
    pub size: f32,
    /// Mean square of the crop's Laplacian over the variance of its brightness. Near 0
    /// where there is no detail.
    pub sharpness: f32,
    /// Mean brightness of the face, 0 to 1.
    pub brightness: f32,
    /// Standard deviation of the face's brightness, 0 to 0.5.
    pub contrast: f32,
    /// How far the head is turned aside, in degrees, positive to the right of the
    /// image: an estimate from the tip of the nose between the eyes, good to some 10°.
    pub yaw: f32,
    /// How far the head is tilted to a shoulder, in degrees clockwise as seen, -180 to 180.
    pub roll: f32,
    /// The landmark network's confidence, 0 to 1.
    pub confidence: f32,
    /// How well mouth and eyes can be seen: not covered by a mask, a hand, dark glasses.
    pub visibility: Visibility,
}

/// One measure that is beyond its limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QualityIssue {
    /// Which measure.
    pub measure: &'static str,
    /// What is wrong, in words.
    pub reason: &'static str,
    /// What was measured.
    pub found: f32,
    /// The limit.
    pub limit: f32,
    /// Its unit; empty for plain numbers.
    pub unit: &'static str,
}

impl fmt::Display for QualityIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { measure, reason, found, limit, unit } = self;
        let side = if found < limit { "at least" } else { "at most" };
        // Pixels and degrees need no fractions.
        let digits = if unit.is_empty() { 3 } else { 0 };
        write!(
            f,
            "{reason}: {measure} {found:.digits$}{unit}, expected {side} {limit:.digits$}{unit}"
        )
    }
}

/// A face that is not to be compared.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the face cannot be used: {}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct QualityError {
    /// The measures beyond their limits: at least one.
    pub faults: Vec<QualityIssue>,
}

/// Whether a value is beyond its limit.
type Beyond = fn(f32, f32) -> bool;

impl FaceQuality {
    /// Measures a crop; `map` leads from it to the photo. The landmarks tell the yaw.
    pub(crate) fn of(
        crop: ArrayView3<'_, f32>,
        map: &Similarity,
        landmarks: &Landmarks,
        confidence: f32,
        visibility: Visibility,
    ) -> Self {
        let gray = gray(crop);
        let [from, to] = FACE;
        let face: Vec<f32> =
            (from..to).flat_map(|row| gray[row * INPUT_SIZE..][from..to].iter().copied()).collect();
        let (brightness, variance) = moments(&face);
        Self {
            size: (map.scale() * INPUT_SIZE as f64) as f32,
            sharpness: laplacian(&gray) / variance.max(1e-6),
            brightness,
            contrast: variance.sqrt(),
            yaw: yaw(landmarks),
            roll: map.rotation().to_degrees() as f32,
            confidence,
            visibility,
        }
    }

    /// Every measure that is beyond its limit.
    #[must_use]
    pub fn faults(&self, limits: &QualityLimits) -> Vec<QualityIssue> {
        let [dark, bright] = limits.brightness;
        let yaw = self.yaw.abs();
        let (seen, least) = (self.visibility, limits.visibility);
        let low = |found: f32, limit: f32| found.is_nan() || found < limit;
        let high = |found: f32, limit: f32| found.is_nan() || found > limit;
        let checks = [
            ("size", "it is too small", self.size, limits.size, " pixels", low as Beyond),
            ("sharpness", "it is blurred", self.sharpness, limits.sharpness, "", low),
            ("brightness", "it is too dark", self.brightness, dark, "", low),
            ("brightness", "it is too bright", self.brightness, bright, "", high),
            ("contrast", "nothing stands out", self.contrast, limits.contrast, "", low),
            ("yaw", "it looks aside", yaw, limits.yaw, "°", high),
            (
                "confidence",
                "it hardly looks like a face",
                self.confidence,
                limits.confidence,
                "",
                low,
            ),
            ("mouth", "the mouth looks covered", seen.mouth, least.mouth, "", low),
            ("eyes", "the eyes look covered", seen.eyes, least.eyes, "", low),
        ];
        checks
            .into_iter()
            .filter(|(_, _, found, limit, _, is_beyond)| is_beyond(*found, *limit))
            .map(|(measure, reason, found, limit, unit, _)| QualityIssue {
                measure,
                reason,
                found,
                limit,
                unit,
            })
            .collect()
    }

    /// Refuses what is beyond [`QualityLimits::REFUSE`].
    ///
    /// # Errors
    /// Says what is wrong, with value and limit.
    pub fn check(&self) -> Result<(), QualityError> {
        self.check_against(&QualityLimits::REFUSE)
    }

    /// Refuses what is beyond these limits.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_against(&self, limits: &QualityLimits) -> Result<(), QualityError> {
        let faults = self.faults(limits);
        if faults.is_empty() { Ok(()) } else { Err(QualityError { faults }) }
    }
}

/// The crop's brightness (BT.601), row by row.
fn gray(crop: ArrayView3<'_, f32>) -> Vec<f32> {
    let planes = [0, 1, 2].map(|c| crop.index_axis_move(ndarray::Axis(0), c));
    let [red, green, blue] = &planes;
    let colors = red.iter().zip(green).zip(blue);
    colors.map(|((r, g), b)| 0.299 * r + 0.587 * g + 0.114 * b).collect()
}

/// Mean and variance.
fn moments(values: &[f32]) -> (f32, f32) {
    let mean = values.iter().sum::<f32>() / values.len() as f32;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32;
    (mean, variance)
}

/// Mean square, over the face, of how far a pixel is from the mean of its four
/// neighbors.
fn laplacian(gray: &[f32]) -> f32 {
    let [from, to] = FACE;
    let at = |row: usize, column: usize| gray[row * INPUT_SIZE + column];
    let mut sum = 0.0;
    for row in from..to {
        for column in from..to {
            let round = at(row - 1, column) + at(row + 1, column);
            let round = round + at(row, column - 1) + at(row, column + 1);
            sum += (at(row, column) - round / 4.0).powi(2);
        }
    }
    sum / ((to - from) * (to - from)) as f32
}

/// The yaw in degrees: how far the tip of the nose is from the middle between
/// the eyes, along the line of the eyes, against how far it stands out.
fn yaw([left, right, nose, ..]: &Landmarks) -> f32 {
    let along = [right[0] - left[0], right[1] - left[1]];
    let length = along[0].hypot(along[1]);
    let middle = [(left[0] + right[0]) / 2.0, (left[1] + right[1]) / 2.0];
    let off = (nose[0] - middle[0]) * along[0] + (nose[1] - middle[1]) * along[1];
    // The eyes' distance shrinks with the cosine, the nose's shift grows with the sine.
    (off / length).atan2(NOSE * length).to_degrees()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: FaceQuality = FaceQuality {
        size: 120.0,
        sharpness: 0.05,
        brightness: 0.5,
        contrast: 0.2,
        yaw: -10.0,
        roll: 5.0,
        confidence: 0.99,
        visibility: Visibility { mouth: 0.99, eyes: 0.99 },
    };

    #[test]
    fn a_good_face_has_no_faults() {
        assert_eq!(GOOD.faults(&QualityLimits::WARN), []);
        assert_eq!(GOOD.check(), Ok(()));
    }

    #[test]
    fn each_fault_is_named_with_value_and_limit() {
        for (bad, measure) in [
            (FaceQuality { size: 12.0, ..GOOD }, "size"),
            (FaceQuality { sharpness: 0.0, ..GOOD }, "sharpness"),
            (FaceQuality { brightness: 0.01, ..GOOD }, "brightness"),
            (FaceQuality { brightness: 0.99, ..GOOD }, "brightness"),
            (FaceQuality { contrast: 0.001, ..GOOD }, "contrast"),
            (FaceQuality { yaw: -80.0, ..GOOD }, "yaw"),
            (FaceQuality { confidence: f32::NAN, ..GOOD }, "confidence"),
        ] {
            let error = bad.check().expect_err(measure);
            assert_eq!(error.faults.len(), 1, "{error}");
            assert_eq!(error.faults[0].measure, measure);
        }
        let error = FaceQuality { size: 12.0, ..GOOD }.check().expect_err("small");
        assert_eq!(
            error.to_string(),
            "the face cannot be used: it is too small: size 12 pixels, expected at least 20 pixels"
        );
    }

    #[test]
    fn a_covered_face_is_compared_with_a_warning_and_not_enrolled() {
        for (visibility, measure) in [
            (Visibility { mouth: 0.01, eyes: 0.99 }, "mouth"),
            (Visibility { mouth: 0.99, eyes: 0.01 }, "eyes"),
        ] {
            let covered = FaceQuality { visibility, ..GOOD };
            assert_eq!(covered.check(), Ok(()));
            assert_eq!(covered.faults(&QualityLimits::WARN)[0].measure, measure);
            let refused = covered.check_against(&QualityLimits::ENROLL).expect_err(measure);
            assert_eq!(refused.faults[0].measure, measure);
            assert!(refused.to_string().contains("looks covered") || measure == "eyes");
        }
    }

    /// A head as a model rotates it: eyes one apart, the nose [`NOSE`] before them.
    #[test]
    fn the_yaw_of_a_turned_head_is_recovered() {
        for degrees in [-60.0_f32, -20.0, 0.0, 35.0, 65.0] {
            for roll in [0.0_f32, 0.5] {
                let (sin, cos) = degrees.to_radians().sin_cos();
                let flat = [[-0.5 * cos, 0.0], [0.5 * cos, 0.0], [NOSE * sin, 0.6]];
                let seen = flat.map(|[x, y]| {
                    let (s, c) = roll.sin_cos();
                    [100.0 * (c * x - s * y), 100.0 * (s * x + c * y)]
                });
                let points = [seen[0], seen[1], seen[2], [0.0; 2], [0.0; 2]];
                assert!((yaw(&points) - degrees).abs() < 1e-2, "{} for {degrees}", yaw(&points));
            }
        }
    }
}
