//! Arguments of `facenet evaluate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{LabeledFaces, ModelChoice};

/// Measure recognition accuracy on labeled pairs: LFW's ten-fold accuracy, EER, TAR, and
/// identification errors in galleries.
///
/// A photo without a usable face is a failure and counts as a wrong answer. --report
/// writes report.json, report.md with the tables, and a page for people, report.html, with
/// curves, histograms and the worst errors.
///
/// Error rates by group of people are measured where the photos' groups are known: from
/// sex.txt in a packed data set (m, f or - for each image), or from groups.csv in the
/// folder of the photos. Its first column is `person` or `photo`, and each other column
/// groups by what its header names, such as age or origin.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// LFW's pairs.txt, or lines of `FILE FILE 0|1`
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: PathBuf,
    /// Folder of photos (Person/Person_0001.jpg), or a packed data set
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// What is compared
    #[arg(long, value_enum, default_value_t = Method::Network)]
    pub(crate) method: Method,
    /// Use only the first N folds of the pairs file; a plain list is split into N folds
    #[arg(long, value_name = "N")]
    pub(crate) folds: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) faces: LabeledFaces,
    /// Also measure the pairs in bad conditions: small, blurred, dark, masked, and others.
    /// Takes some twelve times as long
    #[arg(long)]
    pub(crate) robustness: bool,
    /// Folder for report.json, report.md and report.html
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Show the faces of the worst errors in the page, which then contains images of
    /// people
    #[arg(long, requires = "report", alias = "pictures")]
    pub(crate) thumbnails: bool,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object on the last line
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The network's encodings
    Network,
    /// The pixels of the face crops, as a baseline
    Pixels,
}

impl Method {
    /// The value on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Pixels => "pixels",
        }
    }
}
