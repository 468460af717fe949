//! From photos to face crops: decoding, detection, the user's choice of a face,
//! alignment, and a look at whether the face can be seen well enough.

use std::path::Path;

use anyhow::{Context, Result};
use facenet::photo::{
    self, AlignedFace, CropFraming, DecodeLimits, Detector, FaceAligner, FaceBox, FaceChoice,
    FaceError, Photo, QualityError, QualityLimits, SeetaDetector, SeetaOptions, TurnedDetector,
    Window, choose,
};
use indicatif::ProgressBar;
use ndarray::Array3;
use rayon::prelude::*;

use crate::arguments::Faces;
use crate::output::{escaped, note, warn};

/// Finds the faces of photos and cuts them out.
#[derive(Debug)]
pub(crate) struct FaceFinder {
    framing: Framing,
    limits: DecodeLimits,
    /// Where faces are detected.
    aligner: Option<FaceAligner>,
}

/// How a face is found in a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// The picture is the face crop.
    Aligned,
    /// The face crop is this part of every picture.
    Window(Window),
    /// Detected as usual; of several, these.
    Detected(FaceChoice),
    /// Detected as the user asks.
    DetectedBy(Detection),
}

/// How faces are detected and which are taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Detection {
    /// Of several, these.
    pub(crate) choice: FaceChoice,
    /// How the detector looks.
    pub(crate) search: Search,
    /// Whether a face that can hardly be seen is taken all the same.
    pub(crate) force: bool,
}

/// How a photo is searched for faces.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Search {
    /// As a share of the photo's shorter side.
    pub(crate) smallest_face: f32,
    /// Whether faces that lie on their side are looked for, too.
    pub(crate) rotations: bool,
}

impl Default for Search {
    fn default() -> Self {
        Self { smallest_face: SeetaOptions::default().smallest_face, rotations: false }
    }
}

impl From<FaceChoice> for Detection {
    fn from(choice: FaceChoice) -> Self {
        Self { choice, search: Search::default(), force: false }
    }
}

impl Search {
    /// Who searches.
    pub(crate) fn detector(self) -> Box<dyn Detector> {
        let options = SeetaOptions { smallest_face: self.smallest_face, ..SeetaOptions::default() };
        // The command line has checked the range.
        let inner = SeetaDetector::new(options).unwrap_or_default();
        if self.rotations { Box::new(TurnedDetector { inner }) } else { Box::new(inner) }
    }
}

impl Framing {
    /// For pictures of one known person each: `--face` is about the probe.
    pub(crate) fn of_gallery(faces: &Faces) -> Self {
        if faces.aligned {
            return Self::Aligned;
        }
        Self::DetectedBy(Detection { choice: FaceChoice::Only, ..faces.detection() })
    }

    /// How faces are detected, if they are.
    fn detection(&self) -> Option<Detection> {
        match *self {
            Self::Aligned | Self::Window(_) => None,
            Self::Detected(choice) => Some(choice.into()),
            Self::DetectedBy(detection) => Some(detection),
        }
    }
}

impl From<&Faces> for Framing {
    fn from(faces: &Faces) -> Self {
        if faces.aligned { Self::Aligned } else { Self::DetectedBy(faces.detection()) }
    }
}

/// A face before the network has seen it.
#[derive(Clone, Debug)]
pub(crate) struct FaceCrop {
    /// Where it was detected; nothing if it was not.
    pub(crate) place: Option<FaceBox>,
    /// Its points in the photo's pixels, where they framed the crop.
    pub(crate) landmarks: Option<[[f32; 2]; 5]>,
    /// The network's input, `(3, 96, 96)`.
    pub(crate) pixels: Array3<f32>,
}

impl FaceFinder {
    /// # Errors
    /// When the program was built without the landmark network.
    pub(crate) fn new(framing: Framing) -> Result<Self> {
        Self { framing, limits: DecodeLimits::default(), aligner: None }.with_framing(framing)
    }

    /// The same finder with another way to find faces.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn with_framing(&self, framing: Framing) -> Result<Self> {
        let aligner = match (framing.detection(), &self.aligner) {
            (None, aligner) => aligner.clone(),
            (Some(detection), aligner) => {
                let aligner = aligner.clone().map_or_else(FaceAligner::embedded, Ok)?;
                Some(aligner.any_turn(detection.search.rotations))
            }
        };
        Ok(Self { framing, limits: self.limits, aligner })
    }

    /// A detector as the framing asks for.
    pub(crate) fn detector(&self) -> Box<dyn Detector> {
        self.framing.detection().map(|detection| detection.search).unwrap_or_default().detector()
    }

    /// What a photo may be.
    pub(crate) fn limits(&self) -> &DecodeLimits {
        &self.limits
    }

    /// The faces of one photo file: at least one.
    pub(crate) fn in_file(
        &self,
        detector: &mut dyn Detector,
        file: &Path,
    ) -> Result<Vec<FaceCrop>> {
        let photo = Photo::open(file, &self.limits)?;
        let name = || escaped(&file.display().to_string());
        let found = self.find(detector, &photo, &mut |face| warn_of(face, &name()));
        let is = |test: fn(&anyhow::Error) -> bool| found.as_ref().is_err_and(test);
        if is(|error| error.is::<QualityError>()) {
            note(format_args!("--force compares it all the same; facenet detect tells more"));
        } else if is(|error| matches!(error.downcast_ref(), Some(FaceError::SeveralFaces { .. }))) {
            note(format_args!(
                "--face largest takes the one in front; facenet detect --draw shows all"
            ));
        }
        found.with_context(name)
    }

    /// The faces of a photo: at least one.
    pub(crate) fn in_photo(
        &self,
        detector: &mut dyn Detector,
        photo: &Photo,
    ) -> Result<Vec<FaceCrop>> {
        self.find(detector, photo, &mut |_| ())
    }

    /// The faces of a photo; `look` sees each that was detected.
    fn find(
        &self,
        detector: &mut dyn Detector,
        photo: &Photo,
        look: &mut dyn FnMut(&AlignedFace),
    ) -> Result<Vec<FaceCrop>> {
        let whole = |pixels| Ok(vec![FaceCrop { place: None, landmarks: None, pixels }]);
        let detection = match self.framing {
            Framing::Aligned => return whole(photo::crop_aligned(photo)),
            Framing::Window(window) => return whole(photo::crop_window(photo, window)),
            Framing::Detected(choice) => choice.into(),
            Framing::DetectedBy(detection) => detection,
        };
        let Some(aligner) = &self.aligner else {
            unreachable!("a framing that detects comes with an aligner")
        };
        let boxes = choose(&detector.detect(photo), photo, detection.choice)?;
        let aligned = boxes.iter().map(|place| aligner.align(photo, place));
        let usable = aligned.map(|face| {
            if !detection.force {
                face.quality.check()?;
            }
            look(&face);
            let framed = face.framing == CropFraming::Points;
            let landmarks = framed.then_some(face.landmarks.points);
            Ok(FaceCrop { place: Some(face.place), landmarks, pixels: face.pixels })
        });
        usable.collect()
    }

    /// Calls `find` for every source on all threads, with a detector a thread;
    /// the results are in the order of the sources.
    pub(crate) fn in_each<S: Sync>(
        &self,
        sources: &[S],
        progress: &ProgressBar,
        find: impl Fn(&mut dyn Detector, &S) -> Result<Vec<FaceCrop>> + Sync,
    ) -> Vec<Result<Vec<FaceCrop>>> {
        sources
            .par_iter()
            .map_init(
                || self.detector(),
                |detector, source| {
                    let found = find(detector.as_mut(), source);
                    progress.inc(1);
                    found
                },
            )
            .collect()
    }
}

/// Tells what may make the answer about a face wrong.
fn warn_of(face: &AlignedFace, name: &str) {
    for fault in face.quality.faults(&QualityLimits::WARN) {
        let framed = match face.framing {
            CropFraming::Box if fault.measure == "confidence" => "; the detector's box frames it",
            _ => "",
        };
        warn(format_args!("{name}: the face may be misjudged: {fault}{framed}"));
    }
}
