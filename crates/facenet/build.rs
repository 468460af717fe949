//! Lists the default weights for `weights/embedded.rs` to include.
//!
//! An incomplete folder is no error here: `cargo xtask convert-weights` must
//! build to mend it. The program says so when it wants the weights.

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../weights");
    println!("cargo::rerun-if-changed={}", folder.display());

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

    let mut list = String::from("&[\n");
    for name in names {
        let path = folder.join(format!("{name}.npy")).canonicalize()?;
        writeln!(list, "    ({name:?}, include_bytes!({:?})),", path.display().to_string())?;
    }
    list.push(']');
    fs::write(Path::new(&env::var("OUT_DIR")?).join("embedded_weights.rs"), list)?;
    Ok(())
}
