//! Arguments of `facenet calibrate`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{LabeledFaces, ModelChoice};

/// Fit thresholds and probabilities on labeled photos, and write them to a file.
///
/// Compares every photo with every other (or only the listed pairs, with --listed),
/// fits the threshold for a false match rate and the probability that two faces belong
/// to one person, each with its 95 % interval, and writes them to a file that `verify`
/// takes with --calibration. Use photos that the weights were not trained on.
///
/// A false match rate R needs at least 3/R pairs of two people; a rate with fewer pairs
/// is refused. A calibration is valid for photos like those it was made from, and for
/// the model it was made with.
#[derive(Debug, Args)]
pub(crate) struct Calibrate {
    /// Folder with a folder of photos per person, or a packed data set
    #[arg(long, value_name = "DIR")]
    pub(crate) images: PathBuf,
    /// Use only photos that this list names: LFW's pairs.txt, or lines of `FILE FILE 0|1`
    #[arg(long, value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// Use only the first N folds of the list
    #[arg(long, value_name = "N", requires = "pairs")]
    pub(crate) folds: Option<NonZeroUsize>,
    /// Compare only the listed pairs, not all pairs of their photos
    #[arg(long, requires = "pairs")]
    pub(crate) listed: bool,
    /// False match rate of the threshold: the share of strangers who are accepted
    #[arg(long, value_name = "RATE", default_value_t = 1e-3, allow_negative_numbers = true)]
    pub(crate) fmr: f64,
    /// Prior probability that two photos show one person
    #[arg(long, value_name = "P", default_value_t = 0.5, allow_negative_numbers = true)]
    pub(crate) prior: f64,
    /// File to write
    #[arg(long, short, value_name = "FILE", default_value = "calibration.json")]
    pub(crate) output: PathBuf,
    /// Draw both error rates over the threshold into this SVG file
    #[arg(long, value_name = "FILE")]
    pub(crate) chart: Option<PathBuf>,
    /// Name of the data in the file [default: the folder's name]
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
