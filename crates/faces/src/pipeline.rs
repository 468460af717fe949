//! From a photo to the encodings of the faces in it: the crate's parts in a row.

use std::path::Path;
use std::sync::Arc;

use facenet::engine::{EncodeError, Engine, EngineOptions, Looks};
use facenet::matching::{Encoding, Threshold, Verification, verify};
use facenet::network::Variant;
use facenet::weights::Weights;
use ndarray::Axis;
use rayon::prelude::*;

use crate::{
    DetectedFace, Error, FaceCrop, FaceLocation, FaceLocator, Photo, QualityIssue, QualityLimits,
};

/// Photos that are read before their faces are encoded together.
pub const BATCH: usize = 32;

/// Encodes the faces of photos. Cheap to clone: the networks are shared.
#[derive(Clone, Debug)]
pub struct FacePipeline {
    locator: FaceLocator,
    engine: Arc<Engine>,
}

/// A face and what the network made of it.
#[derive(Clone, Debug)]
pub struct Face {
    /// Where it was detected; nothing where the image was taken as the crop.
    pub detected: Option<DetectedFace>,
    /// The network's answer.
    pub encoding: Encoding,
}

impl Face {
    /// What may make an answer about it wrong: measures beyond [`QualityLimits::WARN`]. The
    /// error rates of a calibration were measured on faces without any.
    #[must_use]
    pub fn warnings(&self) -> Vec<QualityIssue> {
        let faults = |detected: &DetectedFace| detected.quality.faults(&QualityLimits::WARN);
        self.detected.as_ref().map_or_else(Vec::new, faults)
    }
}

impl FacePipeline {
    /// With the networks inside this binary, for photos that show one face each; an encoding
    /// is the mean of a face's and its mirror image's.
    ///
    /// # Errors
    /// When the binary was built without their weights.
    pub fn embedded() -> Result<Self, Error> {
        let options = EngineOptions { looks: Looks::Two, ..EngineOptions::default() };
        let engine = Engine::with_options(Variant::HappyHouse, &Weights::embedded()?, options);
        Self::new(engine, FaceLocation::default())
    }

    /// With this network, for faces that are at this place in their images.
    ///
    /// # Errors
    /// As [`FaceLocator::new`].
    pub fn new(engine: Engine, location: FaceLocation) -> Result<Self, Error> {
        Ok(Self { engine: Arc::new(engine), locator: FaceLocator::new(location)? })
    }

    /// The same networks, for faces that are somewhere else in their images.
    ///
    /// # Errors
    /// As [`FaceLocator::new`].
    pub fn with_location(&self, location: impl Into<FaceLocation>) -> Result<Self, Error> {
        let locator = self.locator.with_location(location.into())?;
        Ok(Self { locator, engine: Arc::clone(&self.engine) })
    }

    /// The same networks with another locator: one with other limits, or a detector of your
    /// own.
    #[must_use]
    pub fn with_locator(self, locator: FaceLocator) -> Self {
        Self { locator, ..self }
    }

    /// Finds the faces.
    #[must_use]
    pub fn locator(&self) -> &FaceLocator {
        &self.locator
    }

    /// The encoding of the face in a photo's file; where several were chosen, of the
    /// largest.
    ///
    /// # Errors
    /// When the file is no photo, or its face cannot be used.
    pub fn encode_file(&self, file: impl AsRef<Path>) -> Result<Encoding, Error> {
        let file = file.as_ref();
        let photo = self.locator.open(file)?;
        self.encode_photo(&photo).map_err(|error| in_file(file, error))
    }

    /// The encoding of the face in a photo; where several were chosen, of the largest.
    ///
    /// # Errors
    /// When the face cannot be used.
    pub fn encode_photo(&self, photo: &Photo) -> Result<Encoding, Error> {
        let mut crops = self.locator.locate(photo)?;
        crops.truncate(1);
        let face = self.encode_crops(crops)?.pop();
        Ok(face.expect("a located photo has a face, and a crop an encoding").encoding)
    }

    /// Whether two photos show one person: whether the distance of their faces is below the
    /// threshold.
    ///
    /// # Errors
    /// As [`encode_file`](Self::encode_file).
    pub fn verify(
        &self,
        a: impl AsRef<Path>,
        b: impl AsRef<Path>,
        threshold: Threshold,
    ) -> Result<Verification, Error> {
        let (a, b) = (self.encode_file(a)?, self.encode_file(b)?);
        let answer = verify(&a, std::slice::from_ref(&b), threshold);
        Ok(answer.expect("there is a reference"))
    }

    /// The chosen faces of a photo: at least one.
    ///
    /// # Errors
    /// As [`FaceLocator::locate`].
    pub fn faces(&self, photo: &Photo) -> Result<Vec<Face>, Error> {
        Ok(self.encode_crops(self.locator.locate(photo)?)?)
    }

    /// The chosen faces of a photo's file: at least one.
    ///
    /// # Errors
    /// When the file is no photo, or as [`FaceLocator::locate`].
    pub fn faces_in_file(&self, file: impl AsRef<Path>) -> Result<Vec<Face>, Error> {
        let file = file.as_ref();
        let photo = self.locator.open(file)?;
        self.faces(&photo).map_err(|error| in_file(file, error))
    }

    /// The chosen faces of many files, in their order, each file with its own error. Photos
    /// are read on all threads and encoded [`BATCH`] at a time; `progress` is called after
    /// each is read, from any thread.
    pub fn faces_in_files<'f, P: AsRef<Path> + Sync>(
        &'f self,
        files: &'f [P],
        progress: impl Fn() + Sync + 'f,
    ) -> impl Iterator<Item = Result<Vec<Face>, Error>> + 'f {
        files.chunks(BATCH).flat_map(move |files| {
            let locate = |file: &Path| -> Result<Vec<FaceCrop>, Error> {
                let photo = self.locator.open(file)?;
                self.locator.locate(&photo).map_err(|error| in_file(file, error))
            };
            let located = files.par_iter().map(|file| {
                let crops = locate(file.as_ref());
                progress();
                crops
            });
            self.encode_each(located.collect())
        })
    }

    /// Encodes the faces of several photos in one batch; an error stays where it is.
    pub fn encode_each<E: From<EncodeError>>(
        &self,
        photos: Vec<Result<Vec<FaceCrop>, E>>,
    ) -> Vec<Result<Vec<Face>, E>> {
        let mut all = Vec::new();
        let mut counts = Vec::with_capacity(photos.len());
        for photo in photos {
            counts.push(photo.map(|crops| {
                let count = crops.len();
                all.extend(crops);
                count
            }));
        }
        match self.encode_crops(all) {
            Ok(faces) => {
                let mut faces = faces.into_iter();
                counts.into_iter().map(|n| Ok(faces.by_ref().take(n?).collect())).collect()
            }
            // The crops are right by construction, so the weights are at fault and every
            // photo has the same error.
            Err(error) => counts.into_iter().map(|n| n.and(Err(error.clone().into()))).collect(),
        }
    }

    /// Encodes faces in one batch.
    ///
    /// # Errors
    /// When the network's answer is no encoding, as with weights of another network.
    pub fn encode_crops(&self, crops: Vec<FaceCrop>) -> Result<Vec<Face>, EncodeError> {
        if crops.is_empty() {
            return Ok(Vec::new());
        }
        let pixels: Vec<_> = crops.iter().map(|crop| crop.pixels.view()).collect();
        let batch = ndarray::stack(Axis(0), &pixels).expect("every crop is (3, 96, 96)");
        let encodings = self.engine.encode(batch.view())?;
        let faces = crops.into_iter().zip(encodings);
        Ok(faces.map(|(crop, encoding)| Face { detected: crop.detected, encoding }).collect())
    }
}

/// The error with the file that it is about; a photo's own errors name it already.
fn in_file(file: &Path, error: Error) -> Error {
    match error {
        Error::Photo(_) | Error::InFile { .. } => error,
        error => Error::InFile { file: file.display().to_string(), source: Box::new(error) },
    }
}
