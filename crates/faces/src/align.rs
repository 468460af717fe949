//! From a detected face to the network's input: by its landmarks, or by the detector's box
//! where the landmarks are not reliable.

use facenet::network::INPUT_SIZE;
use facenet::weights::WeightsError;
use ndarray::Array3;

use crate::crop::crop_along;
use crate::landmarks::{FoundLandmarks, LEAST_CONFIDENCE, LandmarkFinder, Landmarks, alignment};
use crate::{Detection, FaceBox, FaceQuality, Photo, Similarity, VisibilityNetwork, face_window};

/// Rotations of the photo, in degrees, at which a face is looked at: upright first, the
/// others only if asked for, and if the landmarks of the upright one are not reliable.
const ROTATIONS: [f64; 4] = [0.0, 90.0, -90.0, 180.0];

/// Cuts detected faces out as the network expects them. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FaceAligner {
    finder: LandmarkFinder,
    visibility: VisibilityNetwork,
    rotations: bool,
}

/// A face, ready for the network.
#[derive(Clone, Debug)]
pub struct AlignedFace {
    /// Where it was detected.
    pub face_box: FaceBox,
    /// Its landmarks, in pixels of the photo.
    pub landmarks: Landmarks,
    /// The method that framed the crop.
    pub method: CropMethod,
    /// How well it can be seen, and how sure the landmarks are.
    pub quality: FaceQuality,
    /// The network's input, `(3, 96, 96)`, RGB in 0..1.
    pub pixels: Array3<f32>,
}

/// How a crop was framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CropMethod {
    /// The landmarks, brought to the template by a similarity transform.
    Landmarks,
    /// The detector's box, since the landmarks' confidence is below 0.5.
    Box,
}

impl FaceAligner {
    /// With the networks inside this binary.
    ///
    /// # Errors
    /// When the binary was built without them.
    pub fn embedded() -> Result<Self, WeightsError> {
        Ok(Self::new(LandmarkFinder::embedded()?, VisibilityNetwork::embedded()?))
    }

    /// With these networks: for landmarks, and for what of a face can be seen.
    #[must_use]
    pub fn new(finder: LandmarkFinder, visibility: VisibilityNetwork) -> Self {
        Self { finder, visibility, rotations: false }
    }

    /// Whether a face that lies on its side or stands on its head is looked for in a box in
    /// which no upright one is seen.
    #[must_use]
    pub fn with_rotations(self, rotations: bool) -> Self {
        Self { rotations, ..self }
    }

    /// A detected face, cut out. A box will do; landmarks that the detector saw are where the
    /// search for better ones begins.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn align(&self, photo: &Photo, face: impl Into<Detection>) -> AlignedFace {
        let face = face.into();
        let found = self.landmarks(photo, &face);
        let (method, map) = crop_map(&found, &face.face_box);
        let pixels = crop_along(photo, &map);
        let visibility = self.visibility.estimate(pixels.view());
        // The detector has learned profiles, of which the finer network knows little.
        let pose = face.landmarks.map_or(found.landmarks, |seen| seen.points);
        let quality = FaceQuality::of(pixels.view(), &map, &pose, found.confidence, visibility);
        let (face_box, landmarks) = (face.face_box, found.landmarks);
        AlignedFace { face_box, landmarks, method, quality, pixels }
    }

    /// From the face's crop to the photo: where the crop lies, without cutting it out.
    ///
    /// # Panics
    /// If the photo has no pixels or the box is not finite and positive.
    #[must_use]
    pub fn locate(&self, photo: &Photo, face: impl Into<Detection>) -> Similarity {
        let face = face.into();
        crop_map(&self.landmarks(photo, &face), &face.face_box).1
    }

    fn landmarks(&self, photo: &Photo, face: &Detection) -> FoundLandmarks {
        let Some(seen) = face.landmarks else {
            return self.landmarks_in_box(photo, &face.face_box);
        };
        let found = self.finder.refine(photo, &seen.points);
        // Of two answers the surer.
        let own = FoundLandmarks { landmarks: seen.points, confidence: seen.confidence() };
        if found.confidence >= LEAST_CONFIDENCE || found.confidence >= own.confidence {
            found
        } else {
            own
        }
    }

    fn landmarks_in_box(&self, photo: &Photo, face_box: &FaceBox) -> FoundLandmarks {
        let rotations = if self.rotations { &ROTATIONS[..] } else { &ROTATIONS[..1] };
        let mut best: Option<FoundLandmarks> = None;
        for rotation in rotations {
            let found = self.finder.find_rotated(photo, face_box, rotation.to_radians());
            if best.is_none_or(|best| found.confidence > best.confidence) {
                best = Some(found);
            }
            if found.confidence >= LEAST_CONFIDENCE {
                break;
            }
        }
        best.expect("there is a first rotation")
    }
}

/// The method that frames the crop, and the transform from the crop to the photo.
fn crop_map(found: &FoundLandmarks, face_box: &FaceBox) -> (CropMethod, Similarity) {
    alignment(&found.landmarks)
        .filter(|_| found.confidence >= LEAST_CONFIDENCE)
        .map_or_else(|| (CropMethod::Box, by_box(face_box)), |map| (CropMethod::Landmarks, map))
}

/// From the crop's pixels to the photo's, framed by the box.
fn by_box(face_box: &FaceBox) -> Similarity {
    let window = face_window(face_box);
    Similarity::new(window.width / INPUT_SIZE as f64, 0.0, [0.0; 2], [window.x, window.y])
}
