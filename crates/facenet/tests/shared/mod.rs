//! The read-only folder of reference data beside the repository, for tests that
//! use it where it is there and skip aloud where it is not.

#![allow(dead_code, reason = "each test binary uses its part")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]
#![allow(clippy::unwrap_used, reason = "set-up of tests may unwrap like tests")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use ndarray::Array4;

/// `name` in the shared folder: `FACENET_SHARED`, or `shared` beside the
/// repository.
pub(crate) fn folder(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = env::var_os("FACENET_SHARED").map_or_else(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no folder {}", folder.display());
    None
}

/// A `.npy` file of f32 or f64 with up to four axes, missing ones of length 1
/// put at the end.
pub(crate) fn npy(path: &Path) -> Array4<f32> {
    let file = fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let npy = npyz::NpyFile::new(std::io::BufReader::new(file)).unwrap();
    let mut axes: Vec<_> = npy.shape().iter().map(|&axis| axis as usize).collect();
    axes.resize(4, 1);
    let shape = (axes[0], axes[1], axes[2], axes[3]);
    let values = match npy.try_data::<f32>() {
        Ok(values) => values.map(Result::unwrap).collect(),
        Err(npy) => npy.data::<f64>().unwrap().map(|value| value.unwrap() as f32).collect(),
    };
    Array4::from_shape_vec(shape, values).unwrap()
}
