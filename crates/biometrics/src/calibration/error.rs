//! Errors of making, reading and using a calibration.

use std::io;
use std::path::PathBuf;

use facenet::bounded_file::FileError;

/// Data that supports no calibration, a question that it does not answer, or a
/// file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CalibrationError {
    /// Labels that do not belong to the encodings.
    #[error("expected one person an encoding, found {encodings} encodings and {people} people")]
    Labels {
        /// How many encodings.
        encodings: usize,
        /// How many labels.
        people: usize,
    },
    /// No pairs, or all of one kind.
    #[error(
        "expected pairs of one person and of two, found {genuine} genuine and {impostor} impostor"
    )]
    OneSided {
        /// Pairs of one person.
        genuine: u64,
        /// Pairs of two people.
        impostor: u64,
    },
    /// No distance of unit vectors.
    #[error("comparison {position}: expected a distance from 0 to 2, found {found}")]
    Distance {
        /// Position among the comparisons, from 0.
        position: usize,
        /// What was given.
        found: f64,
    },
    /// A rate that is none.
    #[error("expected {what} above 0 and at most 1, found {found}")]
    Rate {
        /// Which rate.
        what: &'static str,
        /// What was given.
        found: f64,
    },
    /// A probability that leaves nothing to find out.
    #[error("expected a prior probability above 0 and below 1, found {found}")]
    Prior {
        /// What was given.
        found: f64,
    },
    /// A false match rate too small for the data.
    #[error(
        "a false match rate of {fmr} needs {needed} pairs of two people or more (3 / FMR), \
         found {found}; the smallest that these support is {smallest:.2e}"
    )]
    TooFewImpostors {
        /// The rate asked for.
        fmr: f64,
        /// Pairs that would support it.
        needed: u64,
        /// Pairs of two people.
        found: u64,
        /// 3 by the pairs found.
        smallest: f64,
    },
    /// A gallery without anybody.
    #[error("a threshold for a gallery needs somebody in it, found 0 faces")]
    EmptyGallery,
    /// A gallery for which the tail of the impostors' distances is too thin.
    #[error(
        "a false positive rate of {fpir} over {gallery} faces needs a false match rate of \
         {fmr:.2e} in each comparison, which needs {needed} pairs of two people or more, \
         found {found}: they support {largest} faces at most"
    )]
    GalleryTooLarge {
        /// Faces in the gallery.
        gallery: usize,
        /// The rate asked for.
        fpir: f64,
        /// False match rate that each comparison may have.
        fmr: f64,
        /// Pairs that would support it.
        needed: u64,
        /// Pairs of two people.
        found: u64,
        /// The largest gallery that they support at this rate.
        largest: u64,
    },
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file system refused to write.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file that is not JSON, or lacks a field.
    #[error("{}: not a calibration", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What and where.
        source: serde_json::Error,
    },
    /// JSON of another kind.
    #[error("{}: expected the format {expected:?}, found {found:?}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Ours.
        expected: &'static str,
        /// What it says.
        found: String,
    },
    /// Written by a program with another form of the file.
    #[error(
        "{}: expected version {expected} of the format, found {found}: make it again with this \
         version of the program",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Ours.
        expected: u32,
        /// What it says.
        found: u32,
    },
    /// A field that says what cannot be.
    #[error("{}: {field}: expected {expected}, found {found}", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// Which field, with the row of the table where it is that.
        field: String,
        /// What it should be.
        expected: String,
        /// What it is.
        found: String,
    },
    /// Made with another model: its distances say nothing of this one's.
    #[error(
        "the calibration was made with another model: it is for {calibrated}, the model in use \
         is {used}"
    )]
    OtherModel {
        /// Variant and hash of the weights in the file.
        calibrated: String,
        /// Variant and hash of the weights in use.
        used: String,
    },
    /// A calibration of encodings that were made from another number of views.
    #[error(
        "it was made with encodings of {calibrated} look{}, and those in use have {used}",
        if *calibrated == 1 { "" } else { "s" }
    )]
    OtherLooks {
        /// Looks of the encodings in the file.
        calibrated: u8,
        /// Looks in use.
        used: u8,
    },
}
