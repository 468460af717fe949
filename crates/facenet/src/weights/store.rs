//! Writing a folder of tensor files so that a failed run changes nothing.
//!
//! Every new file is written and synced in a staging folder inside the target
//! first; that is where a full disk or a bad path shows. Then each old file is
//! moved aside and the new one into its place; should that fail midway, the old
//! ones are moved back. A process killed between those moves leaves the old files
//! behind in the staging folder, and readers refuse a folder where they are.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ndarray::ArrayViewD;

use super::Weights;
use super::error::WeightsError;
use super::folder::Form;
use crate::network::TensorSpec;

/// Name of the staging folder.
pub(super) const STAGING: &str = ".convert-weights.partial";
/// The folder in it that holds the files being replaced; while there is one, the
/// target may be half old, half new.
pub(super) const BACKUP: &str = "old";

/// Writes every tensor of `weights` into `folder` through `encode`.
pub(super) fn save(
    weights: &Weights,
    folder: &Path,
    form: Form,
    encode: impl Fn(&TensorSpec, ArrayViewD<'_, f32>) -> Vec<u8>,
) -> Result<(), WeightsError> {
    let staging = folder.join(STAGING);
    let staged = stage(weights, folder, &staging, form, encode).and_then(|names| {
        swap(folder, &staging, &names)
            .map_err(|(path, source)| WeightsError::Write { path, source })
    });
    if staged.is_err() && staging.join(BACKUP).exists() {
        // Not everything could be moved back: the old files are still in there.
        return staged;
    }
    let removed = fs::remove_dir_all(&staging);
    staged?;
    removed.map_err(|source| WeightsError::Write { path: staging, source })
}

/// Writes all files into the staging folder and returns their names.
fn stage(
    weights: &Weights,
    folder: &Path,
    staging: &Path,
    form: Form,
    encode: impl Fn(&TensorSpec, ArrayViewD<'_, f32>) -> Vec<u8>,
) -> Result<Vec<String>, WeightsError> {
    let failed = |path: &Path| {
        let path = path.to_path_buf();
        move |source| WeightsError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    match fs::remove_dir_all(staging) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed(staging)(error));
        }
        _ => fs::create_dir(staging).map_err(failed(staging))?,
    }
    let mut names = Vec::new();
    for (spec, tensor) in weights.iter() {
        let name = form.file_name(&spec.name);
        let path = staging.join(&name);
        let write = || {
            let mut file = fs::File::create(&path)?;
            file.write_all(&encode(spec, tensor))?;
            file.sync_all()
        };
        write().map_err(failed(&path))?;
        names.push(name);
    }
    Ok(names)
}

/// Moves the staged files into place, or everything back.
fn swap(folder: &Path, staging: &Path, names: &[String]) -> Result<(), (PathBuf, io::Error)> {
    let backup = staging.join(BACKUP);
    fs::create_dir(&backup).map_err(|error| (backup.clone(), error))?;
    for (done, name) in names.iter().enumerate() {
        let target = folder.join(name);
        let replace = || {
            match fs::rename(&target, backup.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::rename(staging.join(name), &target)
        };
        if let Err(error) = replace() {
            let restored = names[..=done].iter().all(|name| restore(folder, &backup, name));
            if restored {
                // Empty now; its absence says that the target is whole.
                let _ = fs::remove_dir(&backup);
            }
            return Err((target, error));
        }
    }
    Ok(())
}

/// Puts the old file back, or takes the new one away where there was none; whether
/// that worked.
fn restore(folder: &Path, backup: &Path, name: &str) -> bool {
    let (target, old) = (folder.join(name), backup.join(name));
    if old.exists() {
        return fs::rename(old, target).is_ok();
    }
    // There may be no new file either, where putting it there is what failed.
    fs::remove_file(target).map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |()| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_swap_that_fails_midway_is_undone() {
        let folder = tempfile::tempdir().unwrap();
        let staging = folder.path().join(STAGING);
        fs::create_dir(&staging).unwrap();
        fs::write(folder.path().join("a"), "old a").unwrap();
        fs::write(folder.path().join("c"), "old c").unwrap();
        fs::write(staging.join("a"), "new a").unwrap();
        fs::write(staging.join("b"), "new b").unwrap();
        // There is no new c, so the third move fails.
        let names = ["a", "b", "c"].map(String::from);

        let (path, _) = swap(folder.path(), &staging, &names).unwrap_err();

        assert_eq!(path, folder.path().join("c"));
        assert_eq!(fs::read_to_string(folder.path().join("a")).unwrap(), "old a");
        assert!(!folder.path().join("b").exists());
        assert_eq!(fs::read_to_string(folder.path().join("c")).unwrap(), "old c");
    }
}
