//! Lists this folder's `.npy` files for `src/lib.rs` to include.
//!
//! An incomplete folder is no error here: `cargo xtask convert-weights` must build to
//! complete it, and `cargo xtask train-landmarks`, `train-detector` and `train-visibility` to
//! make the others. Whoever reads the weights reports what is missing.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// A network's folder and the list that is made of it.
struct Model {
    folder: &'static str,
    list: &'static str,
    /// Tensors of a complete model.
    tensors: usize,
}

const MODELS: [Model; 4] = [
    Model { folder: "", list: "facenet.rs", tensors: 224 },
    Model { folder: "landmarks", list: "landmarks.rs", tensors: 38 },
    Model { folder: "detector", list: "detector.rs", tensors: 210 },
    Model { folder: "visibility", list: "visibility.rs", tensors: 32 },
];

fn main() -> Result<(), Box<dyn Error>> {
    MODELS.iter().try_for_each(list)
}

fn list(model: &Model) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join(model.folder);
    if folder.join(".convert-weights.partial/old").exists() {
        return Err(format!("{}: writing these weights was interrupted", folder.display()).into());
    }
    let mut names = Vec::new();
    if folder.is_dir() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "npy")
                && let Some(name) = path.file_stem().and_then(|name| name.to_str())
            {
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    // The folder only while files are missing: Cargo looks through all that lies in
    // it, and CSV files may.
    if names.len() < model.tensors {
        // Cargo runs this at every build for a path that does not exist.
        let watched = folder.ancestors().find(|path| path.is_dir()).unwrap_or(&folder);
        println!("cargo::rerun-if-changed={}", watched.display());
    }

    let mut list = String::from("&[\n");
    for name in names {
        let path = folder.join(format!("{name}.npy")).canonicalize()?;
        println!("cargo::rerun-if-changed={}", path.display());
        let path = path.display().to_string();
        writeln!(list, "    ({name:?}, &Aligned(*include_bytes!({path:?})).0),")?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join(model.list), list)?;
    Ok(())
}
