//! What a teacher says about a face.

use faces::Landmarks;

/// A face on a picture. Coordinates are continuous: pixel `i` covers `[i, i + 1)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KnownFace {
    /// Left, top, right and bottom of its box; it may reach beyond the picture.
    pub sides: [f32; 4],
    /// Eye, eye, nose tip, mouth corner, mouth corner; left to right in an upright face.
    pub landmarks: Landmarks,
    /// How sure the teacher is, 0 to 1.
    pub score: f32,
}

impl KnownFace {
    /// Width and height.
    pub fn dimensions(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.sides;
        [right - left, bottom - top]
    }

    /// The geometric mean of width and height: what counts as a face's size.
    pub fn size(&self) -> f32 {
        let [width, height] = self.dimensions();
        (width * height).max(0.0).sqrt()
    }

    /// The middle of the box.
    pub fn middle(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.sides;
        [(left + right) / 2.0, (top + bottom) / 2.0]
    }

    /// Where the tip of the nose lies along the line from eye to eye: 0 and 1 at the eyes,
    /// half way between them for a face that looks at the camera, outside for a profile.
    pub fn nose(&self) -> f32 {
        let [left, right, nose, ..] = self.landmarks;
        let along = [right[0] - left[0], right[1] - left[1]];
        let square = along[0] * along[0] + along[1] * along[1];
        let dot = (nose[0] - left[0]) * along[0] + (nose[1] - left[1]) * along[1];
        if square > 0.0 { dot / square } else { f32::INFINITY }
    }

    /// Whether the tip of the nose lies beyond an eye.
    pub fn is_profile(&self) -> bool {
        !(0.0..=1.0).contains(&self.nose())
    }

    /// The face on the mirrored picture, whose width is `width`.
    pub(super) fn mirrored(&self, width: f32) -> Self {
        let [left, top, right, bottom] = self.sides;
        let point = |i: usize| [width - self.landmarks[i][0], self.landmarks[i][1]];
        Self {
            sides: [width - right, top, width - left, bottom],
            landmarks: [1, 0, 2, 4, 3].map(point),
            score: self.score,
        }
    }
}

/// Intersection over union of two boxes.
pub(super) fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let common = area(&[a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let all = area(a) + area(b) - common;
    if all > 0.0 { common / all } else { 0.0 }
}

/// The area of a box; 0 where a side is not positive.
pub(super) fn area(sides: &[f32; 4]) -> f32 {
    (sides[2] - sides[0]).max(0.0) * (sides[3] - sides[1]).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mirrored_face_is_itself_again_and_its_nose_on_the_other_side() {
        let face = KnownFace {
            sides: [10.0, 20.0, 50.0, 70.0],
            landmarks: [[20.0, 35.0], [40.0, 36.0], [24.0, 48.0], [22.0, 60.0], [38.0, 61.0]],
            score: 0.9,
        };
        let mirrored = face.mirrored(100.0);
        assert_eq!(mirrored.sides, [50.0, 20.0, 90.0, 70.0]);
        assert!(mirrored.landmarks[0][0] < mirrored.landmarks[1][0]);
        assert!((mirrored.nose() - (1.0 - face.nose())).abs() < 1e-5);
        assert_eq!(mirrored.mirrored(100.0), face);
    }

    #[test]
    fn the_nose_says_how_far_a_face_is_turned() {
        let with_nose = |x: f32| KnownFace {
            sides: [0.0, 0.0, 40.0, 50.0],
            landmarks: [[10.0, 20.0], [30.0, 20.0], [x, 30.0], [12.0, 40.0], [28.0, 40.0]],
            score: 1.0,
        };
        assert_eq!(with_nose(20.0).nose(), 0.5);
        for (x, expected) in [(8.0, true), (11.0, false), (29.0, false), (33.0, true)] {
            assert_eq!(with_nose(x).is_profile(), expected, "{x}");
        }
        let mut blind = with_nose(20.0);
        blind.landmarks[1] = blind.landmarks[0];
        assert!(blind.is_profile(), "both eyes at one place");
    }

    #[test]
    fn boxes_overlap_by_their_common_share() {
        let a = [0.0, 0.0, 10.0, 10.0];
        assert_eq!(overlap(&a, &a), 1.0);
        assert_eq!(overlap(&a, &[5.0, 0.0, 15.0, 10.0]), 1.0 / 3.0);
        assert_eq!(overlap(&a, &[20.0, 0.0, 30.0, 10.0]), 0.0);
        assert_eq!(overlap(&[0.0; 4], &[0.0; 4]), 0.0);
    }
}
