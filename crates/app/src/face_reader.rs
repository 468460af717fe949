//! Reads photo files into encodings, with messages for the user: errors that name the file,
//! hints, and warnings about faces of low quality.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, bail};
use biometrics::LoadedModel;
use facenet::engine::{Engine, EngineOptions};
use facenet::network::Variant;
use faces::{
    DecodeLimits, DetectionOptions, Face, FaceError, FaceLocation, FaceLocator, FacePipeline,
    Photo, PhotoError,
};
use indicatif::ProgressBar;

use crate::arguments::ModelChoice;
use crate::output::{escaped, note, warn};

/// Encodes the faces of the user's photos.
pub(crate) struct FaceReader {
    pipeline: FacePipeline,
}

/// Loads the weights that the user named, or the embedded ones, with their calibration.
pub(crate) fn load(choice: &ModelChoice) -> Result<LoadedModel> {
    let model = match &choice.weights {
        None => LoadedModel::embedded(choice.variant)?,
        Some(folder) => LoadedModel::read(choice.variant, folder)?,
    };
    if let (Some(folder), [_, ..]) = (&choice.weights, model.unused()) {
        let (folder, names) = (folder.display(), model.unused().join(", "));
        warn(format_args!("{folder}: no layer uses {names}; ignored"));
    }
    Ok(match choice.looks() {
        Some(looks) => model.with_looks(looks)?,
        None => model,
    })
}

/// Compiles the network into a pipeline from photos to encodings.
///
/// # Errors
/// When the embedded weights are of another variant, or this machine does not support the
/// precision.
pub(crate) fn pipeline(
    choice: &ModelChoice,
    model: &LoadedModel,
    location: FaceLocation,
) -> Result<FacePipeline> {
    if choice.variant == Variant::OpenFace && choice.weights.is_none() {
        bail!("the embedded weights are not OpenFace's: pass OpenFace's with --weights DIR");
    }
    let options = EngineOptions { looks: model.looks(), ..choice.engine_options()? };
    let engine = Engine::with_options(choice.variant, model.weights(), options);
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

    /// The same network, for faces at another location in their photos.
    pub(crate) fn with_location(&self, location: FaceLocation) -> Result<Self> {
        Ok(Self { pipeline: self.pipeline.with_location(location)? })
    }

    /// The same network, with other bounds on photos.
    pub(crate) fn with_limits(self, limits: DecodeLimits) -> Self {
        let locator = self.pipeline.locator().clone().with_limits(limits);
        Self { pipeline: self.pipeline.with_locator(locator) }
    }

    /// The faces of one photo file, or of standard input for `-`: at least one.
    ///
    /// # Errors
    /// When the file is not a photo, or the user's choice selects no face in it.
    pub(crate) fn read(&self, file: &Path) -> Result<Vec<Face>> {
        let faces = if is_standard_input(file) {
            let photo = open(self.pipeline.locator(), file);
            photo.and_then(|photo| {
                self.pipeline.faces(&photo).map_err(|source| faces::Error::InFile {
                    file: STANDARD_INPUT.to_owned(),
                    source: Box::new(source),
                })
            })
        } else {
            self.pipeline.faces_in_file(file)
        };
        self.add_messages(file, faces)
    }

    /// The faces of a photo in memory.
    pub(crate) fn read_bytes(&self, bytes: &[u8], name: &str) -> Result<Vec<Face>> {
        let photo = self.pipeline.locator().decode(bytes, name)?;
        self.pipeline.faces(&photo).with_context(|| escaped(name))
    }

    /// The faces of a frame of a stream, without messages.
    pub(crate) fn read_frame(&self, jpeg: &[u8]) -> Result<Vec<Face>, faces::Error> {
        let photo = self.pipeline.locator().decode(jpeg, "a frame")?;
        self.pipeline.faces(&photo)
    }

    /// The faces of many files, in their order, each file with its own error.
    /// `progress` advances by one per file.
    pub(crate) fn read_all<'f, P: AsRef<Path> + Sync>(
        &'f self,
        files: &'f [P],
        progress: &'f ProgressBar,
    ) -> Box<dyn Iterator<Item = Result<Vec<Face>>> + 'f> {
        if files.iter().any(|file| is_standard_input(file.as_ref())) {
            let read = |file: &'f P| {
                progress.inc(1);
                progress.suspend(|| self.read(file.as_ref()))
            };
            return Box::new(files.iter().map(read));
        }
        let faces = self.pipeline.faces_in_files(files, || progress.inc(1));
        let files = files.iter().zip(faces);
        Box::new(
            files.map(|(file, faces)| progress.suspend(|| self.add_messages(file.as_ref(), faces))),
        )
    }

    /// Prints warnings about the faces of a file, or hints for its error.
    fn add_messages(
        &self,
        file: &Path,
        faces: Result<Vec<Face>, faces::Error>,
    ) -> Result<Vec<Face>> {
        add_messages(file, faces, self.pipeline.locator().location())
    }
}

/// Warning for a photo that is coarse.
pub(crate) const COARSE: &str =
    "the file ends early: the photo is whole, but its last details are missing";

/// Name of standard input in messages.
const STANDARD_INPUT: &str = "standard input";

/// Whether a photo is to be read from standard input.
fn is_standard_input(file: &Path) -> bool {
    file == Path::new("-")
}

/// Opens a photo's file, or standard input for `-`.
///
/// # Errors
/// As [`FaceLocator::open`].
pub(crate) fn open(locator: &FaceLocator, file: &Path) -> Result<Photo, faces::Error> {
    if !is_standard_input(file) {
        return Ok(locator.open(file)?);
    }
    let mut bytes = Vec::new();
    // One byte over the limit, so that a longer photo is refused and not cut.
    let most = locator.limits().file_bytes.saturating_add(1);
    let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
    let file = || STANDARD_INPUT.to_owned();
    read.map_err(|source| PhotoError::Unreadable { file: file(), source })?;
    Ok(locator.decode(&bytes, &file())?)
}

/// Options that may help where no face was found.
pub(crate) fn hint_for_no_face(options: &DetectionOptions) -> String {
    let mut hints = Vec::new();
    if options.smallest_face > 0.05 {
        hints.push("--smallest-face 0.05 looks for smaller faces");
    }
    if !options.rotations {
        hints.push("--rotations looks for those that lie on their side");
    }
    hints.push("--aligned takes a photo that is nothing but a face");
    hints.join(", ")
}

fn add_messages(
    file: &Path,
    faces: Result<Vec<Face>, faces::Error>,
    location: &FaceLocation,
) -> Result<Vec<Face>> {
    match faces {
        Ok(faces) => {
            let name = escaped(&file.display().to_string());
            faces.iter().for_each(|face| warn_of(face, &name));
            Ok(faces)
        }
        Err(faces::Error::InFile { file, source }) => {
            match *source {
                faces::Error::Quality(_) => {
                    note(format_args!("--force uses it anyway; facenet detect prints the details"));
                }
                faces::Error::Face(
                    FaceError::NoFace { .. } | FaceError::Incomplete { is_seen: false, .. },
                ) => {
                    if let FaceLocation::Detected(options) = location {
                        note(format_args!("{}", hint_for_no_face(options)));
                    }
                }
                faces::Error::Face(FaceError::SeveralFaces { .. }) => note(format_args!(
                    "--face largest chooses the one in front; facenet detect --draw shows all"
                )),
                _ => {}
            }
            Err(anyhow::Error::new(*source).context(escaped(&file)))
        }
        Err(error) => {
            if let faces::Error::Photo(
                PhotoError::PixelCount { .. } | PhotoError::TooMuchMemory { .. },
            ) = &error
            {
                note(format_args!("--megapixels N reads photos of up to N million pixels"));
            }
            Err(error.into())
        }
    }
}

/// Warns when the quality of a face may make the answer wrong.
fn warn_of(face: &Face, name: &str) {
    let Some(detected) = &face.detected else { return };
    if detected.missing > 0.0 {
        let missing = 100.0 * detected.missing;
        warn(format_args!("{name}: the file ends early, {missing:.0} % of the photo is missing"));
    }
    if detected.is_coarse {
        warn(format_args!("{name}: {COARSE}"));
    }
    for fault in face.warnings() {
        let alignment = match detected.landmarks {
            None if fault.measure == "confidence" => "; the crop follows the detector's box",
            _ => "",
        };
        warn(format_args!("{name}: the answer may be wrong: {fault}{alignment}"));
    }
}
