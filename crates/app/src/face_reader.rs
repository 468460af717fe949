//! From photo files to encodings, with what the user is told on the way: errors that name the
//! file, notes on what helps, warnings about faces that may be misjudged.

use std::path::Path;

use anyhow::{Context, Result, bail};
use biometrics::LoadedModel;
use facenet::engine::Engine;
use facenet::network::Variant;
use faces::{Face, FaceError, FaceLocation, FacePipeline, QualityLimits};
use indicatif::ProgressBar;

use crate::arguments::ModelChoice;
use crate::output::{escaped, note, warn};

/// Encodes the faces of the user's photos.
pub(crate) struct FaceReader {
    pipeline: FacePipeline,
}

/// The weights that the user named, or the embedded ones, and what belongs to them.
pub(crate) fn load(choice: &ModelChoice) -> Result<LoadedModel> {
    let Some(folder) = &choice.weights else { return Ok(LoadedModel::embedded(choice.variant)?) };
    let model = LoadedModel::read(choice.variant, folder)?;
    if !model.unused().is_empty() {
        let (folder, names) = (folder.display(), model.unused().join(", "));
        warn(format_args!("{folder}: no layer uses {names}; left out"));
    }
    Ok(model)
}

/// The network, compiled, and the way to it.
///
/// # Errors
/// When the weights are another network's, or this machine cannot compute as asked for.
pub(crate) fn pipeline(
    choice: &ModelChoice,
    model: &LoadedModel,
    location: FaceLocation,
) -> Result<FacePipeline> {
    if choice.variant == Variant::OpenFace && choice.weights.is_none() {
        bail!("the weights inside the program are not OpenFace's: pass theirs with --weights DIR");
    }
    let engine = Engine::with_options(choice.variant, model.weights(), choice.engine_options()?);
    Ok(FacePipeline::new(engine, location)?)
}

impl FaceReader {
    /// Compiles the network.
    ///
    /// # Errors
    /// As [`pipeline`].
    pub(crate) fn new(
        choice: &ModelChoice,
        model: &LoadedModel,
        location: FaceLocation,
    ) -> Result<Self> {
        Ok(Self { pipeline: pipeline(choice, model, location)? })
    }

    /// The same network, for faces that are somewhere else in their pictures.
    pub(crate) fn with_location(&self, location: FaceLocation) -> Result<Self> {
        Ok(Self { pipeline: self.pipeline.with_location(location)? })
    }

    /// The faces of one photo file: at least one.
    ///
    /// # Errors
    /// When the file is no photo, or the user's choice finds no face in it.
    pub(crate) fn read(&self, file: &Path) -> Result<Vec<Face>> {
        remark(file, self.pipeline.faces_in_file(file))
    }

    /// The faces of a picture in memory.
    pub(crate) fn read_bytes(&self, bytes: &[u8], name: &str) -> Result<Vec<Face>> {
        let photo = self.pipeline.locator().decode(bytes, name)?;
        self.pipeline.faces(&photo).with_context(|| escaped(name))
    }

    /// The faces of many files, in their order, each file with its own error.
    /// `progress` advances by one a file.
    pub(crate) fn read_all<'f, P: AsRef<Path> + Sync>(
        &'f self,
        files: &'f [P],
        progress: &'f ProgressBar,
    ) -> impl Iterator<Item = Result<Vec<Face>>> + 'f {
        let faces = self.pipeline.faces_in_files(files, || progress.inc(1));
        files
            .iter()
            .zip(faces)
            .map(|(file, faces)| progress.suspend(|| remark(file.as_ref(), faces)))
    }
}

/// Adds to the faces of a file what the user should know of them.
fn remark(file: &Path, faces: Result<Vec<Face>, faces::Error>) -> Result<Vec<Face>> {
    match faces {
        Ok(faces) => {
            let name = escaped(&file.display().to_string());
            faces.iter().for_each(|face| warn_of(face, &name));
            Ok(faces)
        }
        Err(faces::Error::InFile { file, source }) => {
            match *source {
                faces::Error::Quality(_) => note(format_args!(
                    "--force compares it all the same; facenet detect tells more"
                )),
                faces::Error::Face(FaceError::SeveralFaces { .. }) => note(format_args!(
                    "--face largest takes the one in front; facenet detect --draw shows all"
                )),
                _ => {}
            }
            Err(anyhow::Error::new(*source).context(escaped(&file)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Warns of what may make the answer about a face wrong.
fn warn_of(face: &Face, name: &str) {
    let Some(detected) = &face.detected else { return };
    for fault in detected.quality.faults(&QualityLimits::WARN) {
        let framed = match detected.landmarks {
            None if fault.measure == "confidence" => "; the detector's box frames it",
            _ => "",
        };
        warn(format_args!("{name}: the face may be misjudged: {fault}{framed}"));
    }
}
