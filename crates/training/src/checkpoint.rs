//! Training on disk: all that is needed to go on to the same bits.
//!
//! ```text
//! checkpoints/step-0000001200/state.json       options, position, what was skipped
//!                             weights/*.npy    as `--weights` takes them
//!                             average/*.npy    their moving average, if there is one
//!                             optimizer.npy    its moments, one after the other
//! ```
//!
//! Random numbers need no file: they follow from the seed and the step. A
//! checkpoint is written under another name, synced, and renamed, so it is there
//! whole or not at all; whatever kills the program, the one before it is left.

mod read;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;

use autograd::optimizer::OptimizerState;
use facenet::network::Architecture;
use facenet::weights::{Weights, hexadecimal};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::OptionsError;
use super::position::Position;
use super::skipped::Skipped;
use super::source::Source;
use super::trainer::TrainingOptions;

pub(super) use read::read;
pub(super) use write::write;

const STATE: &str = "state.json";
const WEIGHTS: &str = "weights";
const AVERAGE: &str = "average";
const OPTIMIZER: &str = "optimizer.npy";
/// Prefix of the name of a checkpoint's folder.
const PREFIX: &str = "step-";

/// How something was trained, as a checkpoint keeps it.
pub(super) trait Trained: Clone + Serialize + DeserializeOwned {
    /// Name of such a training in `state.json`.
    const FORMAT: &'static str;

    /// The network whose weights it has.
    fn architecture(&self) -> Architecture;

    /// Checks every option.
    fn check(&self) -> Result<(), OptionsError>;
}

impl Trained for TrainingOptions {
    const FORMAT: &'static str = "facenet-training-2";

    fn architecture(&self) -> Architecture {
        self.variant.into()
    }

    fn check(&self) -> Result<(), OptionsError> {
        Self::check(self)
    }
}

/// A training that can be gone on with, see [`Trainer::resume`](super::Trainer::resume) and
/// [`DetectorTrainer::resume`](super::detector::DetectorTrainer::resume).
#[derive(Clone, Debug)]
pub struct Checkpoint<O = TrainingOptions> {
    /// Its folder.
    pub path: PathBuf,
    /// How it was trained. The budget may be changed before it is resumed.
    pub options: O,
    /// The weights.
    pub weights: Weights,
    /// Their moving average, where the options ask for one.
    pub average: Option<Weights>,
    pub(super) position: Position,
    pub(super) images: Fingerprint,
    pub(super) skipped: Skipped,
    pub(super) optimizer: OptimizerState<f32>,
}

/// Identity of a set of images.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    pub(super) count: usize,
    /// SHA-256 of everybody's number and every image's name, in hexadecimal.
    pub(super) hash: String,
}

impl Fingerprint {
    pub(super) fn of(source: &dyn Source) -> Self {
        let mut hasher = Sha256::new();
        for index in 0..source.len() {
            hasher.update(source.identity(index).to_le_bytes());
            hasher.update(source.file_name(index).as_bytes());
            hasher.update([0]);
        }
        Self { count: source.len(), hash: hexadecimal(hasher) }
    }

    /// A set of `count` images with this hash.
    pub(super) fn with_hash(count: usize, hasher: Sha256) -> Self {
        Self { count, hash: hexadecimal(hasher) }
    }
}

/// `state.json`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<O> {
    format: String,
    options: O,
    position: Position,
    #[serde(alias = "pictures")]
    images: Fingerprint,
    skipped: Skipped,
    /// Hash of the weights.
    weights: String,
    /// Hash of the average.
    average: Option<String>,
    optimizer: Moments,
}

/// Content of `optimizer.npy`.
#[derive(Serialize, Deserialize)]
struct Moments {
    algorithm: String,
    updates: BTreeMap<String, u64>,
    /// Names and shapes, in the file's order.
    tensors: Vec<(String, Vec<usize>)>,
    /// SHA-256 of the values, in hexadecimal.
    hash: String,
}
