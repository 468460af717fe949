//! Errors of images and lists on disk.

use std::path::PathBuf;

use facenet::bounded_file::FileError;
use facenet::npy::ArrayError;
use faces::Window;

/// A pack, a list of pairs or a folder of photos that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// A file, or a folder, cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file where a folder should be.
    #[error("{}: expected a folder, found a file", path.display())]
    NotAFolder {
        /// What was to be listed.
        path: PathBuf,
    },
    /// A text file with bytes that are no UTF-8.
    #[error("{}: line {line}: expected UTF-8 text, found the byte 0x{found:02x}", path.display())]
    NotText {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The offending byte.
        found: u8,
    },
    /// `pack.json` is not JSON or lacks a field.
    #[error("{}: not a pack's description", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// `pack.json` describes another format.
    #[error("{}: expected the format {expected}, found {found:?}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that is read.
        expected: &'static str,
        /// What the file says.
        found: String,
    },
    /// The canvas size in `pack.json` makes no sense.
    #[error(
        "{}: expected width and height both absent or both 1 to {limit}, found {} by {}",
        path.display(), shown(width), shown(height)
    )]
    Canvas {
        /// The file.
        path: PathBuf,
        /// Largest side, JPEG's own.
        limit: u32,
        /// Width in pixels, as given.
        width: Option<u32>,
        /// Height in pixels, as given.
        height: Option<u32>,
    },
    /// The window in `pack.json` does not lie on the canvas.
    #[error(
        "{}: expected a window of at least 1 by 1 pixel inside the {} by {} canvas, \
         found x {} y {} width {} height {}",
        path.display(), shown(&canvas.map(|c| c[0])), shown(&canvas.map(|c| c[1])),
        found.x, found.y, found.width, found.height
    )]
    WindowOutside {
        /// The file.
        path: PathBuf,
        /// Width and height of the canvas, where given.
        canvas: Option<[u32; 2]>,
        /// What the file says.
        found: Window,
    },
    /// A `.npy` file.
    #[error("{}: {fault}", path.display())]
    Array {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: ArrayError,
    },
    /// The first image does not begin at the beginning, or the last does not
    /// end at the end.
    #[error(
        "{}: offset {position} should be {expected}, the {} of images.bin, found {found}",
        path.display(), if *position == 0 { "beginning" } else { "length" }
    )]
    OffsetEnd {
        /// The file of offsets.
        path: PathBuf,
        /// Which offset.
        position: usize,
        /// Its only possible value, bytes.
        expected: u64,
        /// The value there.
        found: i64,
    },
    /// Offsets that do not ascend, or leave too much room for one image.
    #[error(
        "{}: offset {position} should lie 1 to {limit} bytes after {before}, found {found}",
        path.display()
    )]
    OffsetStep {
        /// The file of offsets.
        path: PathBuf,
        /// Which offset.
        position: usize,
        /// Most bytes of one image.
        limit: u64,
        /// The offset before it.
        before: i64,
        /// The value there.
        found: i64,
    },
    /// Another number of lines than of images.
    #[error("{}: expected {expected} lines, one an image, found {found}", path.display())]
    NameCount {
        /// The file.
        path: PathBuf,
        /// Images in the pack.
        expected: usize,
        /// Lines in the file.
        found: usize,
    },
    /// A line that is no file name.
    #[error(
        "{}: line {line}: expected a plain file name of 1 to 255 bytes, found {found:?}",
        path.display()
    )]
    Name {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The line, cut short.
        found: String,
    },
    /// Two images of one name.
    #[error("{}: line {line}: {name:?} is the name on line {first} already", path.display())]
    NameTwice {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// The line that had it first.
        first: usize,
        /// The name.
        name: String,
    },
    /// A person's number below zero.
    #[error("{}: image {image}: expected an identity of 0 or more, found {found}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// The image, from 0.
        image: usize,
        /// Its number.
        found: i32,
    },
    /// Landmarks that are neither all numbers nor all NaN.
    #[error(
        "{}: image {image}: expected ten finite coordinates or ten NaN, found {found:?}",
        path.display()
    )]
    Landmarks {
        /// The file.
        path: PathBuf,
        /// The image, from 0.
        image: usize,
        /// Its landmarks, (x, y) in pixels.
        found: [[f32; 2]; 5],
    },
    /// A target that is no encoding: NaN, infinite or of another length than 1.
    #[error("{}: image {image}: expected a target of length 1, found {found}", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// The image, from 0.
        image: usize,
        /// The length of its target.
        found: f64,
    },
    /// A row of a table of faces.
    #[error("{}: row {row}: expected {expected}, found {found}", path.display())]
    Face {
        /// The file.
        path: PathBuf,
        /// The row, from 0.
        row: usize,
        /// What should stand there.
        expected: &'static str,
        /// What does.
        found: String,
    },
    /// A mark that is neither yes nor no.
    #[error("{}: image {image}: expected 0 or 1, found {found}", path.display())]
    Mark {
        /// The file.
        path: PathBuf,
        /// The image, from 0.
        image: usize,
        /// Its mark.
        found: i32,
    },
    /// An image that the pack does not have.
    #[error("{}: no image {index}, the pack has {images}", path.display())]
    NoSuchImage {
        /// The pack's folder.
        path: PathBuf,
        /// The number asked for, from 0.
        index: usize,
        /// Images in the pack.
        images: usize,
    },
    /// A line of a list of pairs.
    #[error("{}: line {line}: expected {expected}, found {found:?}", path.display())]
    PairsLine {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: String,
        /// The line, cut short.
        found: String,
    },
    /// A list of pairs that ends before its header's promise.
    #[error("{}: expected {expected} rows after the header, found {found}", path.display())]
    PairsCount {
        /// The file.
        path: PathBuf,
        /// Rows that the header promises.
        expected: usize,
        /// Rows there are.
        found: usize,
    },
    /// A list without a pair.
    #[error("{}: no pairs in it", path.display())]
    NoPairs {
        /// The file.
        path: PathBuf,
    },
    /// More folds, or none, than there are.
    #[error("expected 1 to {found} folds, was asked for {asked}")]
    Folds {
        /// Folds asked for.
        asked: usize,
        /// Folds there can be.
        found: usize,
    },
    /// An image's name that would lead out of the folder.
    #[error("expected an image name inside the folder, found {found:?}")]
    OutsideName {
        /// The name, cut short.
        found: String,
    },
    /// An image that is nowhere it could be.
    #[error("no image {name:?}: neither {}", listed(tried))]
    NoSuchPhoto {
        /// The name.
        name: String,
        /// Where it was looked for.
        tried: Vec<PathBuf>,
    },
}

/// The beginning of `text`, for a message.
pub(super) fn abridged(text: &str) -> String {
    const SHOWN: usize = 60;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn shown(side: &Option<u32>) -> String {
    side.map_or_else(|| "(not given)".to_owned(), |side| side.to_string())
}

fn listed(paths: &[PathBuf]) -> String {
    let paths: Vec<_> = paths.iter().map(|path| path.display().to_string()).collect();
    format!("{} is a file", paths.join(" nor "))
}
