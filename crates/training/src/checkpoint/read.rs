//! Reading a checkpoint without trust.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use autograd::optimizer::OptimizerState;
use facenet::bounded_file::{self, FileError};
use facenet::network::Architecture;
use facenet::npy::{self, ReadError};
use facenet::weights::{Loaded, Weights, hexadecimal};
use ndarray::ArrayD;
use sha2::{Digest, Sha256};

use super::{AVERAGE, Checkpoint, Moments, OPTIMIZER, PREFIX, STATE, State, Trained, WEIGHTS};
use crate::Error;

/// Most bytes of `state.json`: thousands of skipped images.
const STATE_LIMIT: u64 = 64 << 20;
/// Values that are hashed at a time.
const HASHED: usize = 1 << 14;

impl Checkpoint {
    /// Reads a checkpoint's folder, or the newest one in a folder of checkpoints.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(folder: &Path) -> Result<Self, Error> {
        read(folder)
    }
}

/// The same for any training.
pub(in super::super) fn read<O: Trained>(folder: &Path) -> Result<Checkpoint<O>, Error> {
    let path = if folder.join(STATE).is_file() { folder.to_path_buf() } else { newest(folder)? };
    let state_path = path.join(STATE);
    let bytes = bounded_file::read(&state_path, STATE_LIMIT)?;
    let state: State<O> = parse(&state_path, &bytes)?;
    let network = state.options.architecture();
    let weights = read_weights(network, &path.join(WEIGHTS), &state.weights)?;
    let average = match &state.average {
        Some(hash) => Some(read_weights(network, &path.join(AVERAGE), hash)?),
        None => None,
    };
    let optimizer = read_moments(&path.join(OPTIMIZER), state.optimizer)?;
    let State { options, position, images, skipped, .. } = state;
    Ok(Checkpoint { path, options, weights, average, position, images, skipped, optimizer })
}

impl<O> Checkpoint<O> {
    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.position.step
    }
}

/// The weights in a folder, if they have this hash.
fn read_weights(network: Architecture, folder: &Path, hash: &str) -> Result<Weights, Error> {
    let Loaded { weights, .. } = Weights::from_npy_folder_for(network, folder)?;
    let found = weights.hash();
    if found == hash {
        Ok(weights)
    } else {
        Err(damaged(folder, format!("weights with hash {hash}"), found))
    }
}

/// The checkpoint of the highest step in a folder.
fn newest(folder: &Path) -> Result<PathBuf, Error> {
    let fault = |source| FileError::read(folder, source);
    let mut newest = None;
    for entry in fs::read_dir(folder).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name().into_string().unwrap_or_default();
        let step: Option<u64> = name.strip_prefix(PREFIX).and_then(|step| step.parse().ok());
        newest = newest.max(step.map(|step| (step, name)));
    }
    match newest {
        Some((_, name)) => Ok(folder.join(name)),
        None => Err(Error::NoCheckpoint { path: folder.to_path_buf() }),
    }
}

fn parse<O: Trained>(path: &Path, bytes: &[u8]) -> Result<State<O>, Error> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: String,
    }
    let fault = |error: serde_json::Error| damaged(path, "a checkpoint's state", error.to_string());
    // The format first: another one may have other fields.
    let Format { format } = serde_json::from_slice(bytes).map_err(fault)?;
    if format != O::FORMAT {
        return Err(damaged(path, format!("the format {:?}", O::FORMAT), format!("{format:?}")));
    }
    let state: State<O> = serde_json::from_slice(bytes).map_err(fault)?;
    state.options.check()?;
    let seconds = state.position.seconds;
    if !(seconds.is_finite() && seconds >= 0.0) {
        return Err(damaged(path, "a number of seconds", seconds.to_string()));
    }
    Ok(state)
}

fn read_moments(path: &Path, moments: Moments) -> Result<OptimizerState<f32>, Error> {
    let count = moments.tensors.iter().try_fold(0_usize, |sum, (_, shape)| {
        let len = shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis))?;
        sum.checked_add(len)
    });
    let Some(count) = count else {
        return Err(damaged(path, "moments that can be counted", "more".to_owned()));
    };
    let values: Vec<f32> = npy::read(path, &[count]).map_err(|error| match error {
        ReadError::File(error) => error.into(),
        ReadError::Array(fault) => damaged(path, "the optimizer's moments", fault.to_string()),
    })?;
    let mut hasher = Sha256::new();
    for piece in values.chunks(HASHED) {
        hasher.update(piece.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>());
    }
    let found = hexadecimal(hasher);
    if found != moments.hash {
        return Err(damaged(path, format!("values with hash {}", moments.hash), found));
    }
    let mut numbers = values.into_iter();
    let mut tensors = BTreeMap::new();
    for (name, shape) in moments.tensors {
        let len = shape.iter().product();
        let tensor = ArrayD::from_shape_vec(shape, numbers.by_ref().take(len).collect());
        let Ok(tensor) = tensor else { unreachable!("the file has as many values as all shapes") };
        tensors.insert(name, tensor);
    }
    let Moments { algorithm, updates, .. } = moments;
    Ok(OptimizerState { algorithm, updates, tensors })
}

fn damaged(path: &Path, expected: impl Into<String>, found: String) -> Error {
    Error::Damaged { path: path.to_path_buf(), expected: expected.into(), found }
}
