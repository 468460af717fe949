//! What can be wrong with a folder of weights.

use std::io;
use std::path::PathBuf;

use crate::bounded_file::FileError;
use crate::npy::ArrayError;

/// A folder of weights that cannot be read, trusted or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The folder itself.
    #[error("cannot read the weights folder {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Tensors of the table without a file.
    #[error(
        "{}: {} of {expected} tensors have no .{ending} file: {}",
        path.display(), missing.len(), abridged(missing)
    )]
    Missing {
        /// The folder.
        path: PathBuf,
        /// The ending the files should have.
        ending: &'static str,
        /// Tensors the network has.
        expected: usize,
        /// Names without a file, in the table's order.
        missing: Vec<String>,
    },
    /// A conversion was stopped while it put files in place.
    #[error(
        "{}: these weights were being replaced when that was interrupted, so old and new tensors may \
         be mixed; write them again (the old ones are in {})",
        path.display(), leftover.display()
    )]
    Interrupted {
        /// The folder.
        path: PathBuf,
        /// The staging folder found in it.
        leftover: PathBuf,
    },
    /// A tensor's file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file of one tensor is wrong.
    #[error("{}: tensor {tensor}: {fault}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// What is wrong with it.
        fault: TensorError,
    },
    /// The binary was built while `weights` was incomplete.
    #[error(
        "this program was built without complete weights: {} of {expected} tensors are missing: {}; \
         run `cargo xtask convert-weights` and build again, or pass --weights DIR",
        missing.len(), abridged(missing)
    )]
    NotEmbedded {
        /// Tensors the network has.
        expected: usize,
        /// Names that were not in the folder.
        missing: Vec<String>,
    },
    /// Tensors of the table are not among those given.
    #[error("{} of {expected} tensors are not given: {}", missing.len(), abridged(missing))]
    NotGiven {
        /// Tensors the network has.
        expected: usize,
        /// Names of those missing, in the table's order.
        missing: Vec<String>,
    },
    /// A tensor that the network does not have is among those given.
    #[error("the network has no tensor called {name:?}")]
    Unknown {
        /// Its name.
        name: String,
    },
    /// One of the tensors given.
    #[error("tensor {tensor}: {fault}")]
    Given {
        /// The tensor.
        tensor: String,
        /// What is wrong with it.
        fault: TensorError,
    },
    /// Complete weights, but of another network.
    #[error("expected the weights of {expected}, found another network's")]
    OtherNetwork {
        /// The network whose weights they should be.
        expected: &'static str,
    },
    /// Writing failed; the folder is as it was.
    #[error("cannot write {}; the weights that were there are kept", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// An error in one tensor.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The array: its numbers' type, its shape, its length.
    #[error(transparent)]
    Array(#[from] ArrayError),
    /// More or fewer values.
    #[error("has {found} values, expected {expected}")]
    Count {
        /// The table's.
        expected: usize,
        /// The file's.
        found: usize,
    },
    /// NaN or infinity.
    #[error("value {position} (counted from 0, in C order) is {found}, expected a finite number")]
    NotFinite {
        /// Index into the flat tensor.
        position: usize,
        /// The value.
        found: f32,
    },
    /// A running variance below zero: probably another tensor's values.
    #[error("value {position} (counted from 0) is {found}, but a variance cannot be negative")]
    NegativeVariance {
        /// Index into the flat tensor.
        position: usize,
        /// The value.
        found: f32,
    },
    /// A CSV cell that is no finite f32.
    #[error("line {line}, column {column}: expected a finite number, found {found}")]
    Cell {
        /// Counted from 1.
        line: usize,
        /// Cell in the line, counted from 1.
        column: usize,
        /// The cell, quoted and cut short.
        found: String,
    },
    /// A web page under a `.csv` name: a download that got a page instead.
    #[error(
        "line 1 begins with {found}: this is a web page, not a table of numbers; download the raw file"
    )]
    WebPage {
        /// The beginning.
        found: String,
    },
}

/// The first few of `names`.
fn abridged(names: &[String]) -> String {
    const SHOWN: usize = 4;
    let mut text = names.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        text.push_str(&format!(" and {} more", names.len() - SHOWN));
    }
    text
}
