//! When two faces are taken for one person's: in one comparison, and among many.

use std::path::PathBuf;

use clap::Args;
use facenet::matching::Threshold;

/// When two faces count as one person's.
#[derive(Debug, Default, Args)]
pub(crate) struct Acceptance {
    /// Accept below this distance, 0 to 2; the notebook's rule is 0.7 [default: the
    /// calibration's, 0.643 for the shipped weights: 1 in 1,000 strangers passes, and
    /// 36 in 100 comparisons of one person fail, on LFW]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    /// Accept at the threshold with this false match rate: 1e-2 misses a person less
    /// often, 1e-4 lets fewer strangers pass
    #[arg(long, value_name = "RATE", conflicts_with = "threshold", allow_negative_numbers = true)]
    pub(crate) fmr: Option<f64>,
    /// File of `facenet calibrate` for the weights in use [default: the shipped
    /// weights' own]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Probability that it is one person before the comparison [default: the
    /// calibration's, 0.5]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(crate) prior: Option<f64>,
}

/// When a face is taken for the nearest of many people's.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Admission {
    /// Accept below this distance, 0 to 2, however many people there are; the notebook's
    /// rule is 0.7 [default: the calibration's, 0.643 for the shipped weights, and a
    /// stricter one beyond ten photos of people, so that at most 1 stranger in 100 is taken
    /// for somebody]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    /// Accept at the threshold at which this share of strangers is taken for somebody: 1e-1
    /// misses people less often, 1e-3 lets fewer strangers pass
    #[arg(long, value_name = "RATE", conflicts_with = "threshold", allow_negative_numbers = true)]
    pub(crate) fpir: Option<f64>,
    /// File of `facenet calibrate` for the weights in use [default: the shipped weights' own]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
}
