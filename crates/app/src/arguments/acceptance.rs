//! Threshold options: for one comparison, and for a search among many people.

use std::path::PathBuf;

use clap::Args;
use facenet::matching::Threshold;

/// Threshold options of one comparison.
#[derive(Debug, Default, Args)]
pub(crate) struct Acceptance {
    /// Accept below this distance, 0 to 2; the notebook uses 0.7 [default: the
    /// calibration's, 0.617 for the shipped weights: on LFW it accepts 1 stranger in
    /// 1,000 and rejects 15 of 100 comparisons of one person]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    /// Use the threshold with this false match rate: 1e-2 rejects the person less
    /// often, 1e-4 accepts fewer strangers
    #[arg(long, value_name = "RATE", conflicts_with = "threshold", allow_negative_numbers = true)]
    pub(crate) fmr: Option<f64>,
    /// File of `facenet calibrate` for the weights in use [default: the shipped
    /// weights' own]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
    /// Prior probability that both photos show one person [default: the calibration's,
    /// 0.5]
    #[arg(long, value_name = "P", allow_negative_numbers = true)]
    pub(crate) prior: Option<f64>,
}

/// Threshold options of a search among many people.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Admission {
    /// Accept below this distance, 0 to 2, for any number of people; the notebook uses
    /// 0.7 [default: the calibration's, 0.617 for the shipped weights, and a stricter one
    /// for more than ten enrolled photos, so that at most 1 stranger in 100 is accepted]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    /// Use the gallery's threshold with this false positive identification rate, the share
    /// of strangers who are accepted: 1e-1 misses enrolled people less often, 1e-3 accepts
    /// fewer strangers; it may be more permissive than the threshold of one comparison
    /// [default: the stricter of that threshold and the gallery's for 1e-2]
    #[arg(long, value_name = "RATE", conflicts_with = "threshold", allow_negative_numbers = true)]
    pub(crate) fpir: Option<f64>,
    /// File of `facenet calibrate` for the weights in use [default: the shipped weights' own]
    #[arg(long, value_name = "FILE")]
    pub(crate) calibration: Option<PathBuf>,
}
