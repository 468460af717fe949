//! Lists the default weights for `weights/embedded.rs` to include.
//!
//! An incomplete folder is no error here: `cargo xtask convert-weights` must
//! build to mend it. The program says so when it wants the weights.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

/// Tensors of a complete model.
const TENSORS: usize = 224;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../weights");
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
    if names.len() < TENSORS {
        println!("cargo::rerun-if-changed={}", folder.display());
    }

    let mut list = String::from("&[\n");
    for name in names {
        let path = folder.join(format!("{name}.npy")).canonicalize()?;
        println!("cargo::rerun-if-changed={}", path.display());
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded_weights.rs"), list)?;
    Ok(())
}
