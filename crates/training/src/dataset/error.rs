//! What can be wrong with pictures and lists on disk.

use std::io;
use std::path::PathBuf;

use facenet::npy::HeaderFault;
use faces::Window;

/// A pack, a list of pairs or a folder of photos that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DatasetError {
    /// The file system refused.
    #[error("cannot read {}", path.display())]
    Read {
        /// File or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder, a pipe or a device where a file should be.
    #[error("{}: expected a regular file, found a {found}", path.display())]
    NotAFile {
        /// What was to be read.
        path: PathBuf,
        /// What it is instead.
        found: &'static str,
    },
    /// A file where a folder should be.
    #[error("{}: expected a folder, found a file", path.display())]
    NotAFolder {
        /// What was to be listed.
        path: PathBuf,
    },
    /// A file far larger than its kind ever is.
    #[error("{}: expected at most {limit} bytes, found {found}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Most bytes that are read.
        limit: u64,
        /// Its size.
        found: u64,
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
        fault: ArrayFault,
    },
    /// The first picture does not begin at the beginning, or the last does not
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
    /// Offsets that do not ascend, or leave too much room for one picture.
    #[error(
        "{}: offset {position} should lie 1 to {limit} bytes after {before}, found {found}",
        path.display()
    )]
    OffsetStep {
        /// The file of offsets.
        path: PathBuf,
        /// Which offset.
        position: usize,
        /// Most bytes of one picture.
        limit: u64,
        /// The offset before it.
        before: i64,
        /// The value there.
        found: i64,
    },
    /// Another number of lines than of pictures.
    #[error("{}: expected {expected} lines, one a picture, found {found}", path.display())]
    NameCount {
        /// The file.
        path: PathBuf,
        /// Pictures in the pack.
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
    /// Two pictures of one name.
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
    #[error("{}: picture {image}: expected an identity of 0 or more, found {found}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// The picture, from 0.
        image: usize,
        /// Its number.
        found: i32,
    },
    /// Landmarks that are neither all numbers nor all NaN.
    #[error(
        "{}: picture {image}: expected ten finite coordinates or ten NaN, found {found:?}",
        path.display()
    )]
    Landmarks {
        /// The file.
        path: PathBuf,
        /// The picture, from 0.
        image: usize,
        /// Its landmarks, (x, y) in pixels.
        found: [[f32; 2]; 5],
    },
    /// A target that is no encoding: NaN, infinite or of another length than 1.
    #[error("{}: picture {image}: expected a target of length 1, found {found}", path.display())]
    Target {
        /// The file.
        path: PathBuf,
        /// The picture, from 0.
        image: usize,
        /// The length of its target.
        found: f64,
    },
    /// A picture that the pack does not have.
    #[error("{}: no picture {index}, the pack has {images}", path.display())]
    NoSuchImage {
        /// The pack's folder.
        path: PathBuf,
        /// The number asked for, from 0.
        index: usize,
        /// Pictures in the pack.
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
    /// A picture's name that would lead out of the folder.
    #[error("expected a picture name inside the folder, found {found:?}")]
    OutsideName {
        /// The name, cut short.
        found: String,
    },
    /// A picture that is nowhere it could be.
    #[error("no picture {name:?}: neither {}", listed(tried))]
    NoSuchPhoto {
        /// The name.
        name: String,
        /// Where it was looked for.
        tried: Vec<PathBuf>,
    },
}

/// What can be wrong with one `.npy` file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArrayFault {
    /// Not `.npy`, or a header that cannot be read.
    #[error("not a NumPy array that can be read: {0}")]
    Header(#[from] HeaderFault),
    /// Values of another kind.
    #[error("expected values of type {expected:?}, found {found:?}")]
    ElementType {
        /// NumPy's name of the type wanted, such as `<i8`.
        expected: &'static str,
        /// The file's.
        found: String,
    },
    /// Columns first.
    #[error("expected C order, found Fortran order")]
    FortranOrder,
    /// Another shape.
    #[error("expected shape {expected:?}, found {found:?}")]
    Shape {
        /// Axes wanted.
        expected: Vec<usize>,
        /// The file's axes.
        found: Vec<u64>,
    },
    /// Bytes missing or over.
    #[error("expected {expected} bytes of values, found {found}")]
    DataLength {
        /// Bytes that the shape needs.
        expected: u64,
        /// Bytes after the header.
        found: u64,
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
