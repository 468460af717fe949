//! The arguments of `detect` and `train-landmarks`.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use clap::Args;

/// Train the network that finds eyes, nose and mouth.
///
/// Its weights are in the program already; this makes them again, from a pack of face
/// pictures with landmarks.npy.
#[derive(Debug, Args)]
pub(crate) struct TrainLandmarks {
    /// Pack of face pictures with landmarks
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Folder for the weights
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Batches to train on
    #[arg(long, value_name = "N", default_value = "12000")]
    pub(crate) steps: NonZeroU64,
    /// Views in a batch
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) batch: NonZeroUsize,
    /// The highest learning rate
    #[arg(long, value_name = "RATE", default_value = "0.002")]
    pub(crate) learning_rate: f64,
    /// Of everything that is random
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
    /// Print the measure as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}
