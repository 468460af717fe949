//! Reading a checkpoint without trust.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use autograd::optimiser::OptimiserState;
use facenet::npy::{HEADER_LIMIT, Header};
use facenet::regular_file::{self, Refusal};
use facenet::weights::{Loaded, Weights, hexadecimal};
use ndarray::ArrayD;
use sha2::{Digest, Sha256};

use super::{AVERAGE, Checkpoint, FORMAT, Moments, OPTIMISER, PREFIX, STATE, State, WEIGHTS};
use crate::TrainingError;

/// Most bytes of `state.json`: thousands of skipped pictures.
const STATE_LIMIT: u64 = 64 << 20;

impl Checkpoint {
    /// Reads a checkpoint's folder, or the newest one in a folder of checkpoints.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(folder: &Path) -> Result<Self, TrainingError> {
        let path =
            if folder.join(STATE).is_file() { folder.to_path_buf() } else { newest(folder)? };
        let state_path = path.join(STATE);
        let bytes = read_bounded(&state_path, STATE_LIMIT)?;
        let state = parse(&state_path, &bytes)?;
        let weights = read_weights(&path.join(WEIGHTS), &state.weights)?;
        let average = match &state.average {
            Some(hash) => Some(read_weights(&path.join(AVERAGE), hash)?),
            None => None,
        };
        let optimiser = read_moments(&path.join(OPTIMISER), state.optimiser)?;
        let State { options, position, pictures, skipped, .. } = state;
        Ok(Self { path, options, weights, average, position, pictures, skipped, optimiser })
    }

    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.position.step
    }
}

/// The weights in a folder, if they have this hash.
fn read_weights(folder: &Path, hash: &str) -> Result<Weights, TrainingError> {
    let Loaded { weights, .. } = Weights::from_npy_folder(folder)?;
    let found = weights.hash();
    if found == hash {
        Ok(weights)
    } else {
        Err(damaged(folder, format!("weights with hash {hash}"), found))
    }
}

/// The checkpoint of the highest step in a folder.
fn newest(folder: &Path) -> Result<PathBuf, TrainingError> {
    let fault = |source| TrainingError::Read { path: folder.to_path_buf(), source };
    let mut newest = None;
    for entry in fs::read_dir(folder).map_err(fault)? {
        let name = entry.map_err(fault)?.file_name().into_string().unwrap_or_default();
        let step: Option<u64> = name.strip_prefix(PREFIX).and_then(|step| step.parse().ok());
        newest = newest.max(step.map(|step| (step, name)));
    }
    match newest {
        Some((_, name)) => Ok(folder.join(name)),
        None => Err(TrainingError::NoCheckpoint { path: folder.to_path_buf() }),
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<State, TrainingError> {
    #[derive(serde::Deserialize)]
    struct Format {
        format: String,
    }
    let fault = |error: serde_json::Error| damaged(path, "a checkpoint's state", error.to_string());
    // The format first: another one may have other fields.
    let Format { format } = serde_json::from_slice(bytes).map_err(fault)?;
    if format != FORMAT {
        return Err(damaged(path, format!("the format {FORMAT:?}"), format!("{format:?}")));
    }
    let state: State = serde_json::from_slice(bytes).map_err(fault)?;
    state.options.check()?;
    let seconds = state.position.seconds;
    if !(seconds.is_finite() && seconds >= 0.0) {
        return Err(damaged(path, "a number of seconds", seconds.to_string()));
    }
    Ok(state)
}

fn read_moments(path: &Path, moments: Moments) -> Result<OptimiserState<f32>, TrainingError> {
    let count = moments.tensors.iter().try_fold(0_usize, |sum, (_, shape)| {
        let len = shape.iter().try_fold(1_usize, |product, &axis| product.checked_mul(axis))?;
        sum.checked_add(len)
    });
    let size = count.and_then(|count| count.checked_mul(4)).unwrap_or(usize::MAX);
    let limit = (size as u64).saturating_add(HEADER_LIMIT as u64);
    let bytes = read_bounded(path, limit)?;
    let header =
        Header::parse(&bytes).map_err(|fault| damaged(path, "a NumPy array", fault.to_string()))?;
    let right = header.element == "<f4" && count.is_some_and(|count| header.has_shape(&[count]));
    let values = &bytes[header.length..];
    if !right || values.len() != size {
        let found = format!(
            "{:?} of type {} and {} bytes of values",
            header.shape,
            header.element,
            values.len()
        );
        return Err(damaged(path, format!("{} values of type <f4", size / 4), found));
    }
    let mut hasher = Sha256::new();
    hasher.update(values);
    let found = hexadecimal(hasher);
    if found != moments.hash {
        return Err(damaged(path, format!("values with hash {}", moments.hash), found));
    }
    let (words, _) = values.as_chunks::<4>();
    let mut numbers = words.iter().map(|word| f32::from_le_bytes(*word));
    let mut tensors = BTreeMap::new();
    for (name, shape) in moments.tensors {
        let len = shape.iter().product();
        let tensor = ArrayD::from_shape_vec(shape, numbers.by_ref().take(len).collect());
        let Ok(tensor) = tensor else { unreachable!("the file has as many values as all shapes") };
        tensors.insert(name, tensor);
    }
    let Moments { algorithm, updates, .. } = moments;
    Ok(OptimiserState { algorithm, updates, tensors })
}

/// Reads a regular file of at most `limit` bytes.
fn read_bounded(path: &Path, limit: u64) -> Result<Vec<u8>, TrainingError> {
    let fault = |source| TrainingError::Read { path: path.to_path_buf(), source };
    let (file, _) = regular_file::open(path).map_err(|refusal| match refusal {
        Refusal::Io(error) => fault(error),
        Refusal::Kind(_) => fault(io::Error::other("it is not a regular file")),
    })?;
    let mut bytes = Vec::new();
    // One byte over, to notice what is too large.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(fault)?;
    if bytes.len() as u64 > limit {
        return Err(damaged(path, format!("at most {limit} bytes"), "more".to_owned()));
    }
    Ok(bytes)
}

fn damaged(path: &Path, expected: impl Into<String>, found: String) -> TrainingError {
    TrainingError::Damaged { path: path.to_path_buf(), expected: expected.into(), found }
}
