//! What `facenet calibrate` can be told.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{LabeledFaces, ModelChoice};

/// Learn from labeled pictures which distance means what, and write it to a file.
///
/// Compares every picture with every other (or only the pairs listed, with --listed),
/// fits the threshold for a false match rate and the probability that two faces are
/// one person's, each with its 95 % interval, and writes them to a file that `verify`
/// takes with --calibration. Use pictures that the weights were not trained on.
///
/// A false match rate R needs 3/R pairs of two people or more; what the pictures
/// cannot support is refused. A calibration holds for pictures like those it was made
/// from, and for the model it was made with.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Folder of pictures, a folder a person, or a packed data set
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Only pictures that this list names: LFW's pairs.txt, or lines of `FILE FILE 0|1`
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// Only the first N folds of the list
    #[arg(long, value_name = "N", requires = "pairs")]
    pub(crate) folds: Option<NonZeroUsize>,
    /// Compare the listed pairs only, not all pairs of their pictures
    #[arg(long, requires = "pairs")]
    pub(crate) listed: bool,
    /// False match rate of the threshold: which share of strangers may pass
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, allow_negative_numbers = true)]
    pub(crate) fmr: f64,
    /// Probability of one person before any comparison
    #[arg(long, value_name = "P", default_value_t = 0.5, allow_negative_numbers = true)]
    pub(crate) prior: f64,
    /// File to write
    #[arg(long, short, value_name = "FILE", default_value = "calibration.json")]
    pub(crate) output: PathBuf,
    /// Draw both error rates by threshold into this SVG file
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// What to call the pictures in it [default: the folder's name]
    #[arg(long, value_name = "TEXT")]
    pub(crate) name: Option<String>,
    #[command(flatten)]
    pub(crate) faces: LabeledFaces,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
