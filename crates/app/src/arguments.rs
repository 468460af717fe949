//! The command line: what can be typed, checked as far as words go.

mod acceptance;
mod bench;
mod calibrate;
mod evaluate;
mod gallery;
mod photos;
mod serve;
mod train;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use facenet::engine::{EngineOptions, Looks};
use facenet::network::Variant;
use faces::{DetectionOptions, FaceChoice, FaceLocation};
use tensor::inference::Precision;

pub(crate) use acceptance::{Acceptance, Admission};
pub(crate) use calibrate::Calibrate;
pub(crate) use evaluate::{Evaluate, Method};

pub(crate) use bench::Bench;
pub(crate) use gallery::{Cluster, Enroll, Gallery, GalleryAction, Recognize, StoreChoice, Watch};
pub(crate) use photos::{Detect, LabeledFaces, Searching};
pub(crate) use serve::{Limits, LogForm, Serve};
pub(crate) use train::{LossKind, OptimizerKind, ScheduleKind, Train};

/// Verify and recognize faces, offline, with FaceNet's Inception network.
///
/// Exit codes: 0 the same person, recognized, or done; 1 different or not in the
/// gallery; 2 an error; 3 no usable face in a photo.
///
/// There is no liveness check: a photo of a face is taken for the face. Measured on
/// LFW, the default threshold takes 1 stranger in 1,000 for the person (FMR 0.1 %)
/// and misses the person in 36 of 100 comparisons (FNMR). Children, and groups of
/// people that are rare in the training data, are told apart less well. Not for sole
/// authentication: do not use this as the only lock of anything that matters.
#[derive(Debug, Parser)]
#[command(name = "facenet", version)]
pub(crate) struct Arguments {
    /// Threads to compute with [default: all cores]
    #[arg(long, global = true, value_name = "N")]
    pub(crate) threads: Option<NonZeroUsize>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Verify(Verify),
    Recognize(Recognize),
    Enroll(Enroll),
    Gallery(Gallery),
    Cluster(Cluster),
    Watch(Watch),
    Serve(Serve),
    Encode(Encode),
    Detect(Detect),
    Evaluate(Evaluate),
    Calibrate(Calibrate),
    Train(Box<Train>),
    Bench(Bench),
    Model(Model),
    Completions(Completions),
}

impl Arguments {
    /// Whether results, and errors, are to be JSON.
    pub(crate) fn wants_json(&self) -> bool {
        match &self.command {
            Command::Verify(verify) => verify.json,
            Command::Recognize(recognize) => recognize.json,
            Command::Enroll(enroll) => enroll.json,
            Command::Gallery(gallery) => gallery.json,
            Command::Cluster(cluster) => cluster.json,
            Command::Watch(_) => true,
            Command::Serve(_) => false,
            Command::Encode(encode) => encode.format() == EncodingFormat::Json,
            Command::Detect(detect) => detect.json,
            Command::Evaluate(evaluate) => evaluate.json,
            Command::Calibrate(calibrate) => calibrate.json,
            Command::Train(train) => train.json,
            Command::Bench(bench) => bench.json,
            Command::Model(model) => model.json,
            Command::Completions(_) => false,
        }
    }
}

/// Is this the same person?
///
/// With two photos: are they of one person? With one photo and --as: is it that person
/// of those who are enrolled, or of a folder with --gallery? With nothing: a demonstration
/// on portraits inside the program.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Two photos, or one together with --as
    #[arg(value_name = "PHOTO", num_args = 0..=2)]
    pub(crate) photos: Vec<PathBuf>,
    /// The person that the photo is claimed to show
    #[arg(long = "as", value_name = "NAME", requires = "photos")]
    pub(crate) claim: Option<String>,
    /// Folder of known people instead of those who are enrolled: NAME.jpg, or NAME/ with
    /// several photos; --db and FACENET_DB are not looked at then
    #[arg(long, value_name = "DIR", requires = "claim")]
    pub(crate) gallery: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    #[command(flatten)]
    pub(crate) acceptance: Acceptance,
    #[command(flatten)]
    pub(crate) faces: Faces,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print the 128 numbers that the network gives each face.
#[derive(Debug, Args)]
pub(crate) struct Encode {
    /// The photos
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// How to write them; npy needs --output
    #[arg(long, value_enum, default_value_t = EncodingFormat::Json)]
    format: EncodingFormat,
    /// The same as --format json: one JSON object a line
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// File to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) faces: Faces,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
}

impl Encode {
    /// The format asked for.
    pub(crate) fn format(&self) -> EncodingFormat {
        if self.json { EncodingFormat::Json } else { self.format }
    }
}

/// How encodings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingFormat {
    /// One JSON object a line: {"file": …, "encoding": [128 numbers]}
    Json,
    /// A header, then file and 128 numbers a line
    Csv,
    /// One NumPy array of shape (faces, 128), rows in the order of the files
    Npy,
}

/// Print the network's layers.
#[derive(Debug, Args)]
pub(crate) struct Model {
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Print completions for a shell.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// Which face of a photo is meant.
#[derive(Debug, Args)]
pub(crate) struct Faces {
    /// Which face counts where a photo has several: only (several are refused),
    /// largest, central, all or an index counted from 0, largest first. Photos of
    /// a gallery show one face each
    #[arg(long, value_name = "CHOICE", default_value = "only")]
    pub(crate) face: FaceChoice,
    /// The picture is a face crop: resize it, detect nothing
    #[arg(long, conflicts_with = "face")]
    pub(crate) aligned: bool,
    #[command(flatten)]
    pub(crate) searching: Searching,
    /// Compare a face even if it is too small, blurred, dark, bright or turned away to
    /// be told from others
    #[arg(long, conflicts_with = "aligned")]
    pub(crate) force: bool,
}

impl Faces {
    /// Where the face is in a photo.
    pub(crate) fn location(&self) -> FaceLocation {
        self.location_of(self.face)
    }

    /// Where it is in pictures of one known person each: `--face` is about the probe.
    pub(crate) fn location_in_gallery(&self) -> FaceLocation {
        self.location_of(FaceChoice::Only)
    }

    fn location_of(&self, choice: FaceChoice) -> FaceLocation {
        if self.aligned {
            return FaceLocation::WholePicture;
        }
        let options = self.searching.options(choice);
        FaceLocation::Detected(DetectionOptions { any_quality: self.force, ..options })
    }
}

/// Which network computes.
#[derive(Debug, Args)]
pub(crate) struct ModelChoice {
    /// Folder of .npy weights [default: those inside the program]
    #[arg(long, value_name = "DIR", env = "FACENET_WEIGHTS")]
    pub(crate) weights: Option<PathBuf>,
    /// happyhouse, or openface for OpenFace's own weights
    #[arg(long, default_value_t = Variant::HappyHouse)]
    pub(crate) variant: Variant,
    /// What the network multiplies: f32, or bf16 for speed on processors that have it
    #[arg(long, default_value_t = Precision::F32, value_name = "f32|bf16")]
    pub(crate) precision: Precision,
    /// Views of a face that an encoding is made from: 2 takes the mean of the face and its
    /// mirror image, 1 halves the work [default: 2 with the weights inside the program, 1
    /// with others]
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    looks: Option<u8>,
}

impl ModelChoice {
    /// From how many views an encoding is made, if the user says.
    pub(crate) fn looks(&self) -> Option<Looks> {
        self.looks.and_then(Looks::from_count)
    }

    /// How the network is compiled.
    ///
    /// # Errors
    /// When this machine does not have it.
    pub(crate) fn engine_options(&self) -> Result<EngineOptions> {
        let options = EngineOptions { precision: self.precision, ..EngineOptions::default() };
        if !options.is_available() {
            bail!(
                "--precision {}: it takes AVX-512 BF16, which the kernels in use ({}) do not have",
                self.precision,
                options.level
            );
        }
        Ok(options)
    }
}
