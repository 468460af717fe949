//! From photos to face crops: decoding, detection, the user's choice of a face.

use std::path::Path;

use anyhow::{Context, Result};
use facenet::photo::{
    self, DecodeLimits, Detector, FaceBox, FaceChoice, Photo, RustfaceDetector, Window, choose,
};
use indicatif::ProgressBar;
use ndarray::Array3;
use rayon::prelude::*;

use crate::arguments::Faces;
use crate::output::escaped;

/// Finds the faces of photos and cuts them out.
#[derive(Debug)]
pub(crate) struct FaceFinder {
    framing: Framing,
    limits: DecodeLimits,
}

/// How a face is found in a picture.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Framing {
    /// The picture is the face crop.
    Aligned,
    /// The face crop is this part of every picture.
    Window(Window),
    /// Detected; of several, these.
    Detected(FaceChoice),
}

impl Framing {
    /// For pictures of one known person each: `--face` is about the probe.
    pub(crate) fn of_gallery(faces: &Faces) -> Self {
        if faces.aligned { Self::Aligned } else { Self::Detected(FaceChoice::Only) }
    }
}

impl From<&Faces> for Framing {
    fn from(faces: &Faces) -> Self {
        if faces.aligned { Self::Aligned } else { Self::Detected(faces.face) }
    }
}

/// A face before the network has seen it.
#[derive(Clone, Debug)]
pub(crate) struct FaceCrop {
    /// Where it was detected; nothing if it was not.
    pub(crate) place: Option<FaceBox>,
    /// The network's input, `(3, 96, 96)`.
    pub(crate) pixels: Array3<f32>,
}

impl FaceFinder {
    pub(crate) fn new(framing: Framing) -> Self {
        Self { framing, limits: DecodeLimits::default() }
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
        self.in_photo(detector, &photo).with_context(|| escaped(&file.display().to_string()))
    }

    /// The faces of a photo: at least one.
    pub(crate) fn in_photo(
        &self,
        detector: &mut dyn Detector,
        photo: &Photo,
    ) -> Result<Vec<FaceCrop>> {
        let whole = |pixels| Ok(vec![FaceCrop { place: None, pixels }]);
        match self.framing {
            Framing::Aligned => whole(photo::crop_aligned(photo)),
            Framing::Window(window) => whole(photo::crop_window(photo, window)),
            Framing::Detected(choice) => {
                let boxes = choose(&detector.detect(photo), photo, choice)?;
                let crop = |place: FaceBox| {
                    let pixels = photo::crop_face(photo, &place);
                    FaceCrop { place: Some(place), pixels }
                };
                Ok(boxes.into_iter().map(crop).collect())
            }
        }
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
            .map_init(RustfaceDetector::default, |detector, source| {
                let found = find(detector, source);
                progress.inc(1);
                found
            })
            .collect()
    }
}
