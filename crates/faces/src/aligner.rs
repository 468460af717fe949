//! From a detected face to the network's input: by landmarks, or by the box where the
//! landmarks are not to be believed.

use ndarray::Array3;

use super::quality::FaceQuality;
use super::{FaceBox, Photo, Similarity, alignment, crop_along, face_window};
use crate::landmarks::{LandmarkFinder, Landmarks};
use facenet::network::INPUT_SIZE;
use facenet::weights::WeightsError;

/// Landmarks of this confidence and more frame the crop.
///
/// Of 1,605 faces of people who were not trained on, leaning by up to 45° and in boxes
/// that are off as a detector's, and of as many views of no face, `weights/landmarks`
/// says how many come to lie on which side.
pub const LEAST_CONFIDENCE: f32 = 0.5;

/// Turns of the photo, in degrees, under which a face is looked at: upright first, the
/// others only if asked for, and if upright the landmarks are not to be believed.
const TURNS: [f64; 4] = [0.0, 90.0, -90.0, 180.0];

/// Cuts detected faces out as the network expects them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FaceAligner {
    finder: LandmarkFinder,
    any_turn: bool,
}

/// A face, ready for the network.
#[derive(Clone, Debug)]
pub struct AlignedFace {
    /// Where it was detected.
    pub place: FaceBox,
    /// Its points.
    pub landmarks: Landmarks,
    /// What framed the crop.
    pub framing: CropFraming,
    /// How well it can be seen.
    pub quality: FaceQuality,
    /// The network's input, `(3, 96, 96)`, RGB in 0..1.
    pub pixels: Array3<f32>,
}

/// How a face is framed.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The face's points.
    pub landmarks: Landmarks,
    /// What framed the crop.
    pub framing: CropFraming,
    /// From the crop's pixels to the photo's.
    pub map: Similarity,
}

/// What a crop was framed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CropFraming {
    /// The points, brought to the template by a similarity transform.
    Points,
    /// The detector's box, since the points' confidence is below
    /// [`LEAST_CONFIDENCE`].
    Box,
}

impl FaceAligner {
    /// With the landmark network inside this binary.
    ///
    /// # Errors
    /// When the binary was built without it.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(LandmarkFinder::embedded()?))
    }

    /// With this landmark network.
    #[must_use]
    pub fn new(finder: LandmarkFinder) -> Self {
        Self { finder, any_turn: false }
    }

    /// Whether faces that lie on their side or stand on their head are looked for in a
    /// box, where no upright one is seen in it.
    #[must_use]
    pub fn any_turn(self, any_turn: bool) -> Self {
        Self { any_turn, ..self }
    }

    /// The face in a box.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn align(&self, photo: &Photo, place: &FaceBox) -> AlignedFace {
        let Frame { landmarks, framing, map } = self.frame(photo, place);
        let pixels = crop_along(photo, &map);
        let quality = FaceQuality::of(pixels.view(), &map, &landmarks);
        AlignedFace { place: *place, landmarks, framing, quality, pixels }
    }

    /// Where the face's crop lies on the photo.
    pub fn frame(&self, photo: &Photo, place: &FaceBox) -> Frame {
        let landmarks = self.landmarks(photo, place);
        let by_points = alignment(&landmarks.points)
            .filter(|_| landmarks.confidence >= LEAST_CONFIDENCE)
            .map(|map| (CropFraming::Points, map));
        let (framing, map) = by_points.unwrap_or_else(|| (CropFraming::Box, by_box(place)));
        Frame { landmarks, framing, map }
    }

    fn landmarks(&self, photo: &Photo, place: &FaceBox) -> Landmarks {
        let turns = if self.any_turn { &TURNS[..] } else { &TURNS[..1] };
        let mut best: Option<Landmarks> = None;
        for turn in turns {
            let found = self.finder.find_turned(photo, place, turn.to_radians());
            if best.is_none_or(|best| found.confidence > best.confidence) {
                best = Some(found);
            }
            if found.confidence >= LEAST_CONFIDENCE {
                break;
            }
        }
        best.expect("there is a first turn")
    }
}

/// From the crop's pixels to the photo's, framed by the box.
fn by_box(place: &FaceBox) -> Similarity {
    let window = face_window(place);
    Similarity::new(window.width / INPUT_SIZE as f64, 0.0, [0.0; 2], [window.x, window.y])
}
