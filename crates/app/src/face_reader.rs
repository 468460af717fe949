//! From photo files to encodings, as every command needs it: the finder of faces
//! and the network behind it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use facenet::engine::Engine;
use facenet::matching::Encoding;
use facenet::network::Variant;
use facenet::photo::{FaceBox, Photo};
use facenet::weights::{Loaded, Weights};
use indicatif::ProgressBar;
use ndarray::Axis;

use crate::arguments::ModelChoice;
use crate::face_finder::{FaceCrop, FaceFinder, Framing};
use crate::output::{escaped, warn};

/// Photos that are read before their faces are encoded together.
pub(crate) const BATCH: usize = 32;

/// Encodes the faces of photos.
pub(crate) struct FaceReader {
    engine: Arc<Engine>,
    finder: FaceFinder,
}

/// One face.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    /// Where it was detected; nothing if the picture was taken as the crop.
    pub(crate) place: Option<FaceBox>,
    /// Eyes, nose tip and corners of the mouth, left to right in the picture, in its
    /// pixels; nothing where they were not found.
    pub(crate) landmarks: Option<[[f32; 2]; 5]>,
    /// What the network made of it.
    pub(crate) encoding: Encoding,
}

/// The weights that the user named, or the embedded ones.
pub(crate) fn weights(choice: &ModelChoice) -> Result<Weights> {
    let Some(folder) = &choice.weights else { return Ok(Weights::embedded()?) };
    let Loaded { weights, unused } = Weights::from_npy_folder(folder)?;
    if !unused.is_empty() {
        let (folder, names) = (folder.display(), unused.join(", "));
        warn(format_args!("{folder}: no layer uses {names}; left out"));
    }
    Ok(weights)
}

impl FaceReader {
    /// Compiles the network.
    pub(crate) fn new(model: &ModelChoice, framing: Framing) -> Result<Self> {
        if model.variant == Variant::OpenFace && model.weights.is_none() {
            bail!(
                "the weights inside the program are not OpenFace's: pass theirs with --weights DIR"
            );
        }
        let options = model.engine_options()?;
        let engine = Engine::with_options(model.variant, &weights(model)?, options);
        let engine = Arc::new(engine);
        Ok(Self { engine, finder: FaceFinder::new(framing)? })
    }

    /// The same network behind another way to find faces.
    ///
    /// # Errors
    /// When the program was built without the landmark network.
    pub(crate) fn with_framing(&self, framing: Framing) -> Result<Self> {
        let finder = self.finder.with_framing(framing)?;
        Ok(Self { engine: Arc::clone(&self.engine), finder })
    }

    /// The finder of faces.
    pub(crate) fn finder(&self) -> &FaceFinder {
        &self.finder
    }

    /// The faces of one photo file: at least one.
    ///
    /// # Errors
    /// When the file is no photo, or the user's choice finds no face in it.
    pub(crate) fn read(&self, file: &Path) -> Result<Vec<Face>> {
        let crops = self.finder.in_file(self.finder.detector().as_mut(), file)?;
        self.encode(crops)
    }

    /// The faces of a picture in memory.
    pub(crate) fn read_bytes(&self, bytes: &[u8], name: &str) -> Result<Vec<Face>> {
        let photo = Photo::from_bytes(bytes, name, self.finder.limits())?;
        let crops = self.finder.in_photo(self.finder.detector().as_mut(), &photo);
        self.encode(crops.with_context(|| escaped(name))?)
    }

    /// The faces of many files, in their order, each file with its own error.
    /// `progress` advances by one a file.
    pub(crate) fn read_all<'f, P: AsRef<Path> + Sync>(
        &'f self,
        files: &'f [P],
        progress: &'f ProgressBar,
    ) -> impl Iterator<Item = Result<Vec<Face>>> + 'f {
        files.chunks(BATCH).flat_map(move |files| {
            self.encode_each(self.finder.in_each(files, progress, |detector, file| {
                self.finder.in_file(detector, file.as_ref())
            }))
        })
    }

    /// Encodes the faces of several photos in one batch.
    pub(crate) fn encode_each(&self, photos: Vec<Result<Vec<FaceCrop>>>) -> Vec<Result<Vec<Face>>> {
        let mut all = Vec::new();
        let mut counts = Vec::with_capacity(photos.len());
        for photo in photos {
            counts.push(photo.map(|crops| {
                all.extend_from_slice(&crops);
                crops.len()
            }));
        }
        match self.encode(all) {
            Ok(faces) => {
                let mut faces = faces.into_iter();
                counts.into_iter().map(|n| Ok(faces.by_ref().take(n?).collect())).collect()
            }
            // The crops are right by construction, so the weights are at fault
            // and every photo has the same error.
            Err(error) => {
                let message = format!("{error:#}");
                counts.into_iter().map(|n| n.and(Err(anyhow::anyhow!(message.clone())))).collect()
            }
        }
    }

    fn encode(&self, crops: Vec<FaceCrop>) -> Result<Vec<Face>> {
        if crops.is_empty() {
            return Ok(Vec::new());
        }
        let pixels: Vec<_> = crops.iter().map(|crop| crop.pixels.view()).collect();
        let batch = ndarray::stack(Axis(0), &pixels)?;
        let encodings = self.engine.encode(batch.view())?;
        let face = |(crop, encoding): (&FaceCrop, Encoding)| Face {
            place: crop.place,
            landmarks: crop.landmarks,
            encoding,
        };
        Ok(crops.iter().zip(encodings).map(face).collect())
    }
}
