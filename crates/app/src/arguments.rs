//! Command-line definition and syntactic validation.

mod acceptance;
mod bench;
mod calibrate;
mod evaluate;
mod gallery;
mod photos;
mod serve;
mod train;
mod watch;

use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use facenet::engine::{EngineOptions, Looks};
use facenet::network::Variant;
use tensor::inference::Precision;

pub(crate) use acceptance::{Acceptance, Admission};
pub(crate) use calibrate::Calibrate;
pub(crate) use evaluate::{Evaluate, Method};

pub(crate) use bench::Bench;
pub(crate) use gallery::{Cluster, Enroll, Gallery, GalleryAction, Recognize, StoreChoice};
pub(crate) use photos::{Detect, FaceChoices, Faces, LabeledFaces};
pub(crate) use serve::{Limits, LogForm, Serve};
pub(crate) use train::{LossKind, OptimizerKind, ScheduleKind, Train};
pub(crate) use watch::Watch;

/// Verify and recognize faces, offline, with FaceNet's Inception network.
///
/// Exit codes: 0 the same person, recognized, or success; 1 different people, or not
/// in the gallery; 2 an error; 3 no usable face in a photo; 4 uncertain: the threshold
/// and the probability disagree on whether it is one person.
///
/// There is no liveness check: a photo of a face counts as the face. Measured on
/// LFW, the default threshold accepts 1 stranger in 1,000 (FMR 0.1 %) and rejects the
/// person in 15 of 100 comparisons (FNMR); of pairs of two men, or of two women, it
/// accepts 2 in 1,000, and it rejects a woman in 22 of 100 comparisons. Children, and
/// groups of people that are rare in the training data, are distinguished less well. Not
/// for sole authentication: do not use this as the only lock of anything that matters.
#[derive(Debug, Parser)]
#[command(name = "facenet", version)]
pub(crate) struct Arguments {
    /// Number of threads [default: all cores]
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
    /// Whether results and errors are printed as JSON.
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

/// Values of `verify --face`.
const FACES_OF_TWO: &str = "Which face to use if a photo has several: only (refuse several), \
    largest, central, all, or an index from 0, largest first. Two with a comma between them, \
    such as 1,only, are for the first and the second photo";

/// Decide whether two photos show the same person.
///
/// With one photo and --as NAME, decides whether it shows that person, who is enrolled or
/// in the folder of --gallery. Without photos, runs a demonstration on portraits that are
/// embedded in the program.
#[derive(Debug, Args)]
#[command(mut_arg("face", |face| face.value_parser(FaceChoices::of_two).long_help(FACES_OF_TWO)))]
pub(crate) struct Verify {
    /// Two photos, or one together with --as; - for standard input
    #[arg(value_name = "PHOTO", num_args = 0..=2)]
    pub(crate) photos: Vec<PathBuf>,
    /// The person that the photo is claimed to show
    #[arg(long = "as", value_name = "NAME", requires = "photos")]
    pub(crate) claim: Option<String>,
    /// Folder of known people instead of the enrolled ones: NAME.jpg, or NAME/ with
    /// several photos; --db and FACENET_DB are ignored
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

/// Print each face's encoding: 128 numbers.
#[derive(Debug, Args)]
pub(crate) struct Encode {
    /// The photos; - for standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Output format; npy needs --output
    #[arg(long, value_enum, default_value_t = EncodingFormat::Json)]
    format: EncodingFormat,
    /// The same as --format json: one JSON object per line
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
    /// The output format.
    pub(crate) fn format(&self) -> EncodingFormat {
        if self.json { EncodingFormat::Json } else { self.format }
    }
}

/// Output format of encodings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EncodingFormat {
    /// One JSON object per line: {"file": …, "encoding": [128 numbers]}
    Json,
    /// A header, then a line with file and 128 numbers per face
    Csv,
    /// One NumPy array of shape (faces, 128), in the order of the files
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

/// Print shell completions.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: clap_complete::Shell,
}

/// The network and its weights.
#[derive(Debug, Args)]
pub(crate) struct ModelChoice {
    /// Folder of .npy weights [default: the embedded ones]
    #[arg(long, value_name = "DIR", env = "FACENET_WEIGHTS")]
    pub(crate) weights: Option<PathBuf>,
    /// happyhouse, or openface for OpenFace's own weights
    #[arg(long, default_value_t = Variant::HappyHouse)]
    pub(crate) variant: Variant,
    /// Precision of the multiplications: f32, or bf16, faster on processors that support it
    #[arg(long, default_value_t = Precision::F32, value_name = "f32|bf16")]
    pub(crate) precision: Precision,
    /// Images per encoding: 2 takes the mean of the face crop and its mirror image, 1
    /// halves the work [default: 2 with the embedded weights, 1 with others]
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    looks: Option<u8>,
}

impl ModelChoice {
    /// The number of images per encoding, if the user chose one.
    pub(crate) fn looks(&self) -> Option<Looks> {
        self.looks.and_then(Looks::from_count)
    }

    /// Options to compile the network with.
    ///
    /// # Errors
    /// When this machine does not support the precision.
    pub(crate) fn engine_options(&self) -> Result<EngineOptions> {
        let options = EngineOptions { precision: self.precision, ..EngineOptions::default() };
        if !options.is_available() {
            bail!(
                "--precision {}: needs AVX-512 BF16, which the kernels in use ({}) do not have",
                self.precision,
                options.level
            );
        }
        Ok(options)
    }
}
