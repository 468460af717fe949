//! What `facenet evaluate` can be told.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{LabeledFaces, ModelChoice};

/// Measure how well faces are told apart: LFW's ten-fold accuracy, EER, TAR, and
/// errors in galleries.
///
/// Pictures without a usable face are failures: they count as wrong answers. With
/// --report a folder is written with report.json and a page to look at, report.html:
/// curves, histograms and the pairs that are told most wrongly.
#[derive(Debug, Args)]
pub(crate) struct Evaluate {
    /// LFW's pairs.txt, or lines of `FILE FILE 0|1`
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: PathBuf,
    /// Folder of pictures (Person/Person_0001.jpg), or a packed data set
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// What to compare
    #[arg(long, value_enum, default_value_t = Method::Network)]
    pub(crate) method: Method,
    /// Only the first N folds of the pairs file; a plain list is dealt into N folds
    #[arg(long, value_name = "N")]
    pub(crate) folds: Option<NonZeroUsize>,
    #[command(flatten)]
    pub(crate) faces: LabeledFaces,
    /// Write report.json and report.html into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// Show the faces of the most wrongly told pairs in the page. The page then holds
    /// pictures of people
    #[arg(long, requires = "report")]
    pub(crate) pictures: bool,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object on the last line
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is compared to tell faces apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Method {
    /// The network's encodings
    Network,
    /// The pixels of the crops themselves: the naive way, as a baseline
    Pixels,
}

impl Method {
    /// Its word on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Pixels => "pixels",
        }
    }
}
