//! Where the faces of an image are, each cut out as the network expects it.
//!
//! Separate from the [pipeline](crate::FacePipeline), which encodes what is cut out: a
//! measurement on face crops needs no network.

use std::path::Path;
use std::sync::Arc;

use ndarray::Array3;

use crate::{
    ALL_ROTATIONS, AlignedFace, CropMethod, DecodeLimits, Detector, Error, FaceAligner, FaceBox,
    FaceChoice, FaceError, FaceQuality, Landmarks, NetworkDetector, NetworkOptions, Photo,
    PhotoError, QualityLimits, RotatedDetector, Window, choose, crop_aligned, crop_window,
    face_window,
};

/// Where the face is in an image.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FaceLocation {
    /// The image is a face crop, framed as the network expects it.
    WholeImage,
    /// This part of every image is the face crop.
    Window(Window),
    /// Faces are detected.
    Detected(DetectionOptions),
}

/// How faces are detected, and which of them are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectionOptions {
    /// Which faces of several. Default: there must be only one.
    pub choice: FaceChoice,
    /// The smallest face to look for, as a share of the photo's shorter side, above 0 and
    /// at most 1. Half of it takes four times as long. Default: 0.1.
    pub smallest_face: f32,
    /// Whether faces at any roll are looked for, those on their side and upside down, too:
    /// takes eight times as long. Without, faces are found up to a roll of about 45°.
    /// Default: no.
    pub rotations: bool,
    /// Whether a photo in which no face is found is searched again, with more contrast, for
    /// smaller faces and rotated: takes six times as long, then. Default: yes.
    pub again: bool,
    /// Whether a face that can hardly be seen is taken all the same. Default: no.
    pub any_quality: bool,
    /// Whether faces are to be enrolled: a covered one is refused, too. Default: no.
    pub to_enroll: bool,
}

impl Default for DetectionOptions {
    fn default() -> Self {
        Self {
            choice: FaceChoice::Only,
            smallest_face: NetworkOptions::default().smallest_face,
            rotations: false,
            again: true,
            any_quality: false,
            to_enroll: false,
        }
    }
}

impl From<FaceChoice> for DetectionOptions {
    fn from(choice: FaceChoice) -> Self {
        Self { choice, ..Self::default() }
    }
}

impl Default for FaceLocation {
    fn default() -> Self {
        Self::Detected(DetectionOptions::default())
    }
}

impl From<FaceChoice> for FaceLocation {
    fn from(choice: FaceChoice) -> Self {
        Self::Detected(choice.into())
    }
}

/// A face before the network has seen it.
#[derive(Clone, Debug)]
pub struct FaceCrop {
    /// The network's input, `(3, 96, 96)`, RGB in 0..1.
    pub pixels: Array3<f32>,
    /// Where it was detected; nothing where it was not.
    pub detected: Option<DetectedFace>,
}

/// A detected face: its box, landmarks and quality.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectedFace {
    /// Where it is.
    pub face_box: FaceBox,
    /// Its landmarks, where they framed the crop.
    pub landmarks: Option<Landmarks>,
    /// How well it can be seen.
    pub quality: FaceQuality,
    /// How much of the photo its file does not hold because it ends early, from 0 to 1. The
    /// face is not in that part.
    pub missing: f32,
    /// Whether the file lacks the details of the rest: [`Photo::is_coarse`].
    pub is_coarse: bool,
}

/// Finds the faces of photos and cuts them out. Cheap to clone.
#[derive(Clone, Debug)]
pub struct FaceLocator {
    location: FaceLocation,
    limits: DecodeLimits,
    /// The caller's, if it is not the bundled one.
    own_detector: Option<Arc<dyn Detector>>,
    /// Nothing as long as no face had to be detected.
    finder: Option<Finder>,
}

/// What finds faces and cuts them out.
#[derive(Clone, Debug)]
struct Finder {
    /// Nothing where the detector is the caller's.
    network: Option<NetworkDetector>,
    detector: Arc<dyn Detector>,
    aligner: FaceAligner,
}

impl FaceLocator {
    /// With the bundled detector and the default limits.
    ///
    /// # Errors
    /// When an option of the detector is out of its range, or a network that finds faces or
    /// landmarks is not inside this binary.
    pub fn new(location: FaceLocation) -> Result<Self, Error> {
        let limits = DecodeLimits::default();
        let whole = FaceLocation::WholeImage;
        Self { location: whole, limits, own_detector: None, finder: None }.with_location(location)
    }

    /// The same, for faces that are somewhere else in their images.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_location(&self, location: FaceLocation) -> Result<Self, Error> {
        let FaceLocation::Detected(options) = location else {
            return Ok(Self { location, ..self.clone() });
        };
        let before = self.finder.as_ref();
        let (detector, network): (Arc<dyn Detector>, _) = match &self.own_detector {
            Some(own) => (Arc::clone(own), None),
            None => {
                let wanted = NetworkOptions {
                    smallest_face: options.smallest_face,
                    // Rotated copies without a face are no reason to look again.
                    again: options.again && !options.rotations,
                    ..NetworkOptions::default()
                };
                let network = match before.and_then(|finder| finder.network.as_ref()) {
                    Some(network) => network.with_options(wanted)?,
                    None => NetworkDetector::embedded(wanted)?,
                };
                (Arc::new(network.clone()), Some(network))
            }
        };
        let aligner = match before {
            Some(finder) => finder.aligner.clone(),
            None => FaceAligner::embedded()?,
        };
        let aligner = aligner.with_rotations(options.rotations);
        let detector = rotated(detector, options.rotations);
        let finder = Some(Finder { network, detector, aligner });
        Ok(Self { location, finder, ..self.clone() })
    }

    /// The same with another detector than the bundled one. Of the
    /// [options](DetectionOptions), the smallest face is then the detector's own affair.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_detector(&self, detector: Arc<dyn Detector>) -> Result<Self, Error> {
        Self { own_detector: Some(detector), ..self.clone() }.with_location(self.location)
    }

    /// The same, with other bounds on photos.
    #[must_use]
    pub fn with_limits(self, limits: DecodeLimits) -> Self {
        Self { limits, ..self }
    }

    /// Where faces are looked for.
    #[must_use]
    pub fn location(&self) -> &FaceLocation {
        &self.location
    }

    /// Limits of a photo.
    #[must_use]
    pub fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// Reads and decodes a photo's file.
    ///
    /// # Errors
    /// As [`Photo::open`].
    pub fn open(&self, file: impl AsRef<Path>) -> Result<Photo, PhotoError> {
        Photo::open(file.as_ref(), &self.limits)
    }

    /// Decodes a photo's file that is in memory; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Photo::from_bytes`].
    pub fn decode(&self, bytes: &[u8], name: &str) -> Result<Photo, PhotoError> {
        Photo::from_bytes(bytes, name, &self.limits)
    }

    /// The faces of a photo that were chosen, cut out: at least one.
    ///
    /// # Errors
    /// When there is no face, several and none was chosen, one that can hardly be seen, or one
    /// in a part of the photo that its file does not hold.
    pub fn locate(&self, photo: &Photo) -> Result<Vec<FaceCrop>, Error> {
        let missing = photo.missing_share();
        let incomplete = |is_seen| FaceError::Incomplete { missing: 100.0 * missing, is_seen };
        let whole = |pixels| match missing {
            0.0 => Ok(vec![FaceCrop { pixels, detected: None }]),
            _ => Err(incomplete(true).into()),
        };
        let options = match self.location {
            FaceLocation::WholeImage => return whole(crop_aligned(photo)),
            FaceLocation::Window(window) => return whole(crop_window(photo, window)),
            FaceLocation::Detected(options) => options,
        };
        let Finder { detector, aligner, .. } = self.finder()?;
        let limits = if options.to_enroll { QualityLimits::ENROLL } else { QualityLimits::REFUSE };
        let found = detector.detect_with_landmarks(photo);
        let chosen = match choose(&found, photo, options.choice) {
            Err(FaceError::NoFace { .. }) if missing > 0.0 => return Err(incomplete(false).into()),
            chosen => chosen?,
        };
        let crops = chosen.iter().map(|detection| {
            let face = aligner.align(photo, detection);
            if !options.any_quality {
                let window = face_window(&detection.face_box);
                if photo.missing().is_some_and(|part| part.overlaps(&window)) {
                    return Err(incomplete(true).into());
                }
                face.quality.check_against(&limits)?;
            }
            let landmarks = (face.method == CropMethod::Landmarks).then_some(face.landmarks);
            let (face_box, quality) = (face.face_box, face.quality);
            let is_coarse = photo.is_coarse();
            let detected = DetectedFace { face_box, landmarks, quality, missing, is_coarse };
            Ok(FaceCrop { pixels: face.pixels, detected: Some(detected) })
        });
        crops.collect()
    }

    /// Every face that is detected in a photo, whatever was chosen and however well it can
    /// be seen, the largest first.
    ///
    /// # Errors
    /// When a network that finds faces or landmarks is not inside this binary.
    pub fn detect(&self, photo: &Photo) -> Result<Vec<AlignedFace>, Error> {
        let Finder { detector, aligner, .. } = self.finder()?;
        let found = detector.detect_with_landmarks(photo);
        Ok(found.iter().map(|detection| aligner.align(photo, detection)).collect())
    }

    /// The finder; of a locator that had none to find, that of the default options.
    fn finder(&self) -> Result<Finder, Error> {
        if let Some(finder) = &self.finder {
            return Ok(finder.clone());
        }
        let usual = self.with_location(FaceLocation::default())?;
        let Some(finder) = usual.finder else { unreachable!("faces are to be detected") };
        Ok(finder)
    }
}

/// The detector, over rotated copies where that is wanted.
fn rotated(detector: Arc<dyn Detector>, rotations: bool) -> Arc<dyn Detector> {
    if rotations {
        Arc::new(RotatedDetector { inner: detector, rotations: &ALL_ROTATIONS })
    } else {
        detector
    }
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage};

    use super::*;

    /// Sees a face in the middle of anything.
    #[derive(Debug)]
    struct InTheMiddle;

    impl Detector for InTheMiddle {
        fn detect(&self, photo: &Photo) -> Vec<FaceBox> {
            let (x, y) = (photo.width() as f32 / 4.0, photo.height() as f32 / 4.0);
            vec![FaceBox { x, y, width: 2.0 * x, height: 2.0 * y, score: 1.0 }]
        }
    }

    fn gray() -> Photo {
        Photo::from_rgb(RgbImage::from_pixel(80, 80, Rgb([128; 3])))
    }

    #[test]
    fn another_detector_stays_when_the_choice_changes() {
        let any = DetectionOptions { any_quality: true, ..DetectionOptions::default() };
        let bundled = FaceLocator::new(FaceLocation::Detected(any)).unwrap();
        assert!(matches!(bundled.locate(&gray()), Err(Error::Face(_))));
        let own = bundled.with_detector(Arc::new(InTheMiddle)).unwrap();
        let largest = DetectionOptions { choice: FaceChoice::Largest, ..any };
        let own = own.with_location(FaceLocation::Detected(largest)).unwrap();
        let crops = own.locate(&gray()).unwrap();
        assert_eq!(crops[0].detected.unwrap().face_box.x, 20.0);
    }

    #[test]
    fn options_out_of_range_are_refused() {
        let options = DetectionOptions { smallest_face: 0.0, ..DetectionOptions::default() };
        let refused = FaceLocator::new(FaceLocation::Detected(options));
        assert!(matches!(refused, Err(Error::Detector(_))));
    }

    #[test]
    fn a_face_that_can_hardly_be_seen_is_refused_unless_any_will_do() {
        let usual = FaceLocator::new(FaceLocation::default()).unwrap();
        let usual = usual.with_detector(Arc::new(InTheMiddle)).unwrap();
        let refused = usual.locate(&gray()).unwrap_err();
        assert!(matches!(refused, Error::Quality(_)) && refused.is_unusable_face());
    }
}
