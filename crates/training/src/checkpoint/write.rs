//! Writing a checkpoint so that it is there whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use facenet::weights::{Weights, hexadecimal};
use ndarray::ArrayD;
use npyz::WriterBuilder;
use sha2::{Digest, Sha256};

use super::{AVERAGE, Checkpoint, Moments, OPTIMIZER, PREFIX, STATE, State, Trained, WEIGHTS};
use crate::Error;

/// Checkpoints that are kept, the newest among them.
const KEPT: usize = 2;
/// The ending of one that is not complete.
const PARTIAL: &str = "partial";

/// Writes `checkpoint` into `folder`, takes the oldest away, and returns where it
/// is. Its own path is not looked at.
pub(in super::super) fn write<O: Trained>(
    folder: &Path,
    checkpoint: &Checkpoint<O>,
) -> Result<PathBuf, Error> {
    let name = format!("{PREFIX}{:010}", checkpoint.position.step);
    let path = folder.join(&name);
    let partial = folder.join(format!("{name}.{PARTIAL}"));
    let fault = |path: &Path| {
        let path = path.to_path_buf();
        move |source| Error::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(fault(folder))?;
    remove(&partial).map_err(fault(&partial))?;
    fs::create_dir(&partial).map_err(fault(&partial))?;
    checkpoint.weights.save_npy_folder(&partial.join(WEIGHTS))?;
    if let Some(average) = &checkpoint.average {
        average.save_npy_folder(&partial.join(AVERAGE))?;
    }
    let file = partial.join(OPTIMIZER);
    let moments = write_moments(&file, checkpoint).map_err(fault(&file))?;
    let file = partial.join(STATE);
    write_state(&file, checkpoint, moments).map_err(fault(&file))?;
    sync_folder(&partial).map_err(fault(&partial))?;
    // The same step twice: resumed from an older one, to the same bits.
    remove(&path).map_err(fault(&path))?;
    fs::rename(&partial, &path).map_err(fault(&path))?;
    sync_folder(folder).map_err(fault(folder))?;
    remove_old(folder, &name).map_err(fault(folder))?;
    Ok(path)
}

fn write_moments<O>(path: &Path, checkpoint: &Checkpoint<O>) -> io::Result<Moments> {
    let state = &checkpoint.optimizer;
    let count: usize = state.tensors.values().map(ArrayD::len).sum();
    let file = io::BufWriter::with_capacity(1 << 20, File::create(path)?);
    let options = npyz::WriteOptions::new().default_dtype().shape(&[count as u64]);
    let mut writer = options.writer(file).begin_nd()?;
    let mut hasher = Sha256::new();
    for tensor in state.tensors.values() {
        let bytes: Vec<u8> = tensor.iter().flat_map(|value| value.to_le_bytes()).collect();
        hasher.update(&bytes);
        writer.extend(tensor.iter().copied())?;
    }
    writer.finish()?;
    File::open(path)?.sync_all()?;
    let shape = |(name, tensor): (&String, &ArrayD<f32>)| (name.clone(), tensor.shape().to_vec());
    Ok(Moments {
        algorithm: state.algorithm.clone(),
        updates: state.updates.clone(),
        tensors: state.tensors.iter().map(shape).collect(),
        hash: hexadecimal(hasher),
    })
}

fn write_state<O: Trained>(
    path: &Path,
    checkpoint: &Checkpoint<O>,
    optimizer: Moments,
) -> io::Result<()> {
    let state = State {
        format: O::FORMAT.to_owned(),
        options: checkpoint.options.clone(),
        position: checkpoint.position,
        images: checkpoint.images.clone(),
        skipped: checkpoint.skipped.clone(),
        weights: checkpoint.weights.hash(),
        average: checkpoint.average.as_ref().map(Weights::hash),
        optimizer,
    };
    let mut file = File::create(path)?;
    file.write_all(&serde_json::to_vec_pretty(&state)?)?;
    file.sync_all()
}

/// Takes away all but the newest checkpoints and what was left half-written.
/// `newest` stays in any case.
fn remove_old(folder: &Path, newest: &str) -> io::Result<()> {
    let mut complete = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let Some(number) = name.strip_prefix(PREFIX) else { continue };
        if number.parse::<u64>().is_ok() {
            complete.push(name);
        } else if number.ends_with(PARTIAL) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    // Of equal length up to ten digits.
    complete.sort_by_key(|name| (name.len(), name.clone()));
    let old = complete.len().saturating_sub(KEPT);
    for name in complete[..old].iter().filter(|name| *name != newest) {
        fs::remove_dir_all(folder.join(name))?;
    }
    Ok(())
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes sure that the names in a folder last.
fn sync_folder(folder: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened, and need not be.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
