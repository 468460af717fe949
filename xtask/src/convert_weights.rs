//! `convert-weights`: converts OpenFace's per-layer CSV files to `.npy` and back.
//!
//! `facenet::weights` checks the numbers and writes the files atomically; this file has the
//! arguments, the progress bar and the table.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use facenet::network::tensor_table;
use facenet::weights::{Loaded, Weights};
use indicatif::{ProgressBar, ProgressStyle};

/// Convert the network's weights between CSV (one file a tensor, as OpenFace's
/// circulate) and the .npy files that the program reads.
///
/// Every count is checked against the network's 224 tensors. A run that fails
/// leaves the target as it was.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder to read [default: weights/csv; with --to-csv: weights]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Folder to write [default: weights; with --to-csv: weights/csv]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Write nothing: compare the .npy files of --to with the CSV files of
    /// --from, bit by bit
    #[arg(long, conflicts_with = "to_csv")]
    check: bool,
    /// Convert .npy to CSV instead
    #[arg(long)]
    to_csv: bool,
}

/// Runs the command; 1 means that `--check` found a difference.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let (npy, csv) = (project_folder("weights"), project_folder("weights/csv"));
    let (from, to) = if arguments.to_csv { (npy, csv) } else { (csv, npy) };
    let from = arguments.from.clone().unwrap_or(from);
    let to = arguments.to.clone().unwrap_or(to);

    if arguments.to_csv {
        let loaded = Weights::from_npy_folder(&from)?;
        loaded.weights.save_csv_folder(&to)?;
        report(&loaded, &format!("wrote {} as CSV", to.display()))?;
        return Ok(ExitCode::SUCCESS);
    }

    explain_absence(&from)?;
    let loaded = read_csv(&from)?;
    if arguments.check {
        return check(&loaded, &from, &to);
    }
    loaded.weights.save_npy_folder(&to)?;
    report(&loaded, &format!("wrote {}", to.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// A folder of the project, from any working directory.
fn project_folder(name: &str) -> PathBuf {
    // The folder of this package; cargo sets it for `cargo run`.
    match env::var_os("CARGO_MANIFEST_DIR").as_deref().map(Path::new).and_then(Path::parent) {
        Some(root) => root.join(name),
        None => PathBuf::from(name),
    }
}

/// Without CSV files, returns an error that names their source.
fn explain_absence(folder: &Path) -> Result<()> {
    let has_csv = folder.is_dir()
        && folder
            .read_dir()
            .with_context(|| format!("cannot read {}", folder.display()))?
            .flatten()
            .any(|entry| entry.path().extension().is_some_and(|ending| ending == "csv"));
    if has_csv {
        return Ok(());
    }
    bail!(
        "there are no .csv files in {}\n\n\
         The original OpenFace nn4.small2 tensors, one CSV file each, are published in the folder \
         `weights` of the GitHub repository iwantooxxoox/Keras-OpenFace; the Coursera notebook \
         \"Face Recognition for the Happy House\" brings the same 226 files. Put them there, or \
         name their folder:\n\n    \
         cargo xtask convert-weights --from DIR\n\n\
         The weights that this repository ships are converted already; \
         `cargo xtask convert-weights --to-csv` writes them as CSV.",
        folder.display()
    )
}

fn read_csv(folder: &Path) -> Result<Loaded> {
    let style = ProgressStyle::with_template("{msg} [{bar:40}] {pos}/{len} tensors")?;
    let progress = ProgressBar::new(tensor_table().len() as u64).with_style(style);
    progress.set_message("reading");
    let loaded = Weights::from_csv_folder(folder, &|| progress.inc(1));
    progress.finish_and_clear();
    Ok(loaded?)
}

/// Compares, and prints the first difference.
fn check(csv: &Loaded, from: &Path, to: &Path) -> Result<ExitCode> {
    let npy = Weights::from_npy_folder(to)?;
    let (from, to) = (from.display(), to.display());
    Ok(match csv.weights.first_difference(&npy.weights) {
        None => {
            report(csv, &format!("{to} holds exactly what {from} holds"))?;
            ExitCode::SUCCESS
        }
        Some((spec, count)) => {
            let (name, all) = (&spec.name, spec.len());
            println!("{to} differs from {from}: {name}, {count} of {all} values");
            ExitCode::from(1)
        }
    })
}

/// Prints the table, the totals, the files that no layer uses, and the end.
fn report(loaded: &Loaded, end: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match print(&mut out, loaded, end) {
        // A broken pipe is not an error.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

fn print(out: &mut impl Write, loaded: &Loaded, end: &str) -> io::Result<()> {
    writeln!(out, "{:<28} {:<16} {:>9}", "tensor", "shape", "values")?;
    let (mut trained, mut running) = ((0, 0), (0, 0));
    for (spec, tensor) in loaded.weights.iter() {
        let axes: Vec<_> = spec.shape.iter().map(usize::to_string).collect();
        let (shape, values) = (axes.join("×"), tensor.len());
        writeln!(out, "{:<28} {shape:<16} {:>9}", spec.name, grouped(values))?;
        let sum = if spec.role.is_running_statistic() { &mut running } else { &mut trained };
        *sum = (sum.0 + 1, sum.1 + values);
    }
    writeln!(out)?;
    for (kind, (tensors, values)) in [
        ("trained tensors", trained),
        ("running statistics", running),
        ("tensors in all", (trained.0 + running.0, trained.1 + running.1)),
    ] {
        writeln!(out, "{tensors:>4} {kind:<18} {:>9} values", grouped(values))?;
    }
    if !loaded.unused.is_empty() {
        let (count, names) = (loaded.unused.len(), loaded.unused.join(", "));
        writeln!(out, "{count:>4} files that no layer uses, left out: {names}")?;
    }
    writeln!(out, "\n{end}")
}

/// 3743280 as 3,743,280.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (9312, "9,312"), (3743280, "3,743,280")] {
            assert_eq!(grouped(number), text);
        }
    }
}
