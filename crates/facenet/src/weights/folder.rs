//! A folder of tensor files: how they are called, which are there.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::error::{TensorFault, WeightsError};
use super::store::{BACKUP, STAGING};
use crate::network::TensorSpec;
use crate::regular_file::{self, Refusal};

/// How a tensor lies on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Npy,
    Csv,
}

impl Form {
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Npy => "npy",
            Self::Csv => "csv",
        }
    }

    pub(super) fn file_name(self, tensor: &str) -> String {
        format!("{tensor}.{}", self.ending())
    }
}

/// Checks that every tensor of `table` has a file and returns, sorted, the
/// names of files that no layer uses.
pub(super) fn survey(
    folder: &Path,
    form: Form,
    table: &[TensorSpec],
) -> Result<Vec<String>, WeightsError> {
    let path = folder.to_path_buf();
    let unreadable = |source| WeightsError::Folder { path: folder.to_path_buf(), source };
    let mut found = HashSet::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.file_name().is_some_and(|name| name == STAGING) && file.join(BACKUP).exists() {
            return Err(WeightsError::Interrupted { path, leftover: file });
        }
        if file.extension().is_some_and(|ending| ending == form.ending())
            && let Some(stem) = file.file_stem().and_then(|stem| stem.to_str())
        {
            found.insert(stem.to_owned());
        }
    }
    let missing: Vec<_> =
        table.iter().filter(|spec| !found.remove(&spec.name)).map(|t| t.name.clone()).collect();
    if !missing.is_empty() {
        let ending = form.ending();
        return Err(WeightsError::Missing { path, ending, expected: table.len(), missing });
    }
    let mut unused: Vec<_> = found.into_iter().collect();
    unused.sort();
    Ok(unused)
}

/// Reads a whole file after looking at what it is and how large: a pipe would
/// block, and a wrong file could be of any size.
///
/// # Errors
/// `expected` says in words which sizes are right where `fits` refuses one.
pub(super) fn read_bounded(
    path: &Path,
    fits: impl Fn(u64) -> bool,
    expected: impl Fn() -> String,
) -> Result<Vec<u8>, TensorFault> {
    let (file, size) = regular_file::open(path).map_err(|refusal| match refusal {
        Refusal::Io(error) => TensorFault::Read(error),
        Refusal::Kind(_) => TensorFault::NotAFile,
    })?;
    if !fits(size) {
        return Err(TensorFault::Size { expected: expected(), found: size });
    }
    let mut bytes = Vec::new();
    // One byte more than there should be: a file that grows meanwhile is seen.
    file.take(size + 1).read_to_end(&mut bytes).map_err(TensorFault::Read)?;
    if bytes.len() as u64 != size {
        let changed = io::Error::other("the file changed while it was read");
        return Err(TensorFault::Read(changed));
    }
    Ok(bytes)
}
