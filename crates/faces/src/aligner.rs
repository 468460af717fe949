//! From a detected face to the network's input: by landmarks, or by the box where the
//! landmarks are not to be believed.

use facenet::network::INPUT_SIZE;
use facenet::weights::WeightsError;
use ndarray::Array3;

use super::quality::FaceQuality;
use super::{FaceBox, Photo, Similarity, alignment, crop_along, face_window};
use crate::landmarks::{LandmarkFinder, Landmarks};

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
    rotations: bool,
}

/// A face, ready for the network.
#[derive(Clone, Debug)]
pub struct AlignedFace {
    /// Where it was detected.
    pub place: FaceBox,
    /// Its points.
    pub landmarks: Landmarks,
    /// How the crop was framed.
    pub method: CropMethod,
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
    /// How the crop was framed.
    pub method: CropMethod,
    /// From the crop's pixels to the photo's.
    pub map: Similarity,
}

/// What a crop was framed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CropMethod {
    /// The landmarks, brought to the template by a similarity transform.
    Landmarks,
    /// The detector's box, since the landmarks' confidence is below
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
        Self { finder, rotations: false }
    }

    /// Whether a face that lies on its side or stands on its head is looked for in a box in
    /// which no upright one is seen.
    #[must_use]
    pub fn with_rotations(self, rotations: bool) -> Self {
        Self { rotations, ..self }
    }

    /// The face in a box.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn align(&self, photo: &Photo, place: &FaceBox) -> AlignedFace {
        let Frame { landmarks, method, map } = self.frame(photo, place);
        let pixels = crop_along(photo, &map);
        let quality = FaceQuality::of(pixels.view(), &map, &landmarks);
        AlignedFace { place: *place, landmarks, method, quality, pixels }
    }

    /// Where the face's crop lies on the photo.
    pub fn frame(&self, photo: &Photo, place: &FaceBox) -> Frame {
        let landmarks = self.landmarks(photo, place);
        let by_points = alignment(&landmarks.points)
            .filter(|_| landmarks.confidence >= LEAST_CONFIDENCE)
            .map(|map| (CropMethod::Landmarks, map));
        let (method, map) = by_points.unwrap_or_else(|| (CropMethod::Box, by_box(place)));
        Frame { landmarks, method, map }
    }

    fn landmarks(&self, photo: &Photo, place: &FaceBox) -> Landmarks {
        let turns = if self.rotations { &TURNS[..] } else { &TURNS[..1] };
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
