//! Arguments of the commands about people who are enrolled.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use facenet::gallery::PersonName;
use facenet::matching::Threshold;
use store::SearchMethod;

use super::{Admission, Faces, ModelChoice};

/// Where enrolled people are kept, and the network whose numbers these are.
#[derive(Debug, Args)]
pub(crate) struct StoreChoice {
    /// File of enrolled people [default: facenet/people.redb in the folder for
    /// data that the platform gives each user; see `facenet gallery path`], or, if
    /// that was built in, postgres://USER@HOST/DATABASE
    // An address may hold a password, which no help page should show.
    #[arg(long, global = true, value_name = "PATH", env = "FACENET_DB", hide_env_values = true)]
    pub(crate) db: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// How a database looks for the nearest people: exact, or hnsw, which is faster
    /// among many, may miss somebody, and needs `facenet gallery index`
    #[cfg(feature = "postgres")]
    #[arg(long, global = true, value_name = "HOW", default_value = "exact")]
    search: SearchChoice,
}

/// How a database looks for the nearest people.
#[cfg(feature = "postgres")]
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SearchChoice {
    /// Compare with everybody.
    Exact,
    /// Ask an index: nearly always the same answer.
    Hnsw,
}

impl StoreChoice {
    /// What `--search` says; what is built without databases searches in one way only.
    pub(crate) fn search(&self) -> SearchMethod {
        #[cfg(feature = "postgres")]
        if matches!(self.search, SearchChoice::Hnsw) {
            return SearchMethod::Hnsw;
        }
        SearchMethod::Exact
    }
}

/// Who is this?
///
/// Of the people who are enrolled, or of a folder with --gallery.
#[derive(Debug, Args)]
pub(crate) struct Recognize {
    /// The photos
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// Folder of known people instead: NAME.jpg, or NAME/ with several photos; --db and
    /// FACENET_DB are not looked at then
    #[arg(long, value_name = "DIR")]
    pub(crate) gallery: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    /// How many of the nearest people to list
    #[arg(long, value_name = "K", default_value = "2")]
    pub(crate) top: NonZeroUsize,
    #[command(flatten)]
    pub(crate) admission: Admission,
    #[command(flatten)]
    pub(crate) faces: Faces,
    /// Print one JSON object a face
    #[arg(long)]
    pub(crate) json: bool,
}

/// Enroll a person, or add photos to one.
///
/// Several photos, in different light and on different days, are better than one:
/// their mean is what others are compared with. Ask the person before, and note it
/// with --consent. Photos are not kept unless --keep-photos says so.
#[derive(Debug, Args)]
pub(crate) struct Enroll {
    /// The person's name
    pub(crate) name: PersonName,
    /// Photos of the person
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// How and to what the person agreed: kept with the time
    #[arg(long, value_name = "NOTE")]
    pub(crate) consent: Option<String>,
    /// Keep the photo files in the store, too, so that another model can make its
    /// own numbers of them
    #[arg(long)]
    pub(crate) keep_photos: bool,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    #[command(flatten)]
    pub(crate) faces: Faces,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// List, show, rename, remove, export and import the people who are enrolled.
#[derive(Debug, Args)]
pub(crate) struct Gallery {
    #[command(subcommand)]
    pub(crate) action: GalleryAction,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    /// Print JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GalleryAction {
    /// Everybody: name, photos, since when
    List,
    /// What is kept of a person
    Show {
        /// The person's name
        name: PersonName,
    },
    /// Give a person another name
    Rename {
        /// The name now
        old: PersonName,
        /// The name from now on
        new: PersonName,
    },
    /// Remove people: nothing of them is left in the file
    Remove {
        /// Their names
        #[arg(required = true, value_name = "NAME")]
        names: Vec<PersonName>,
    },
    /// Remove everybody
    Purge {
        /// Yes, everybody
        #[arg(long)]
        yes: bool,
    },
    /// Write everybody to a file: JSON lines, or .npy with a .csv of names beside it.
    /// Kept photos are not part of it
    Export {
        /// FILE.jsonl or FILE.npy [default: JSON lines to standard output]
        file: Option<PathBuf>,
    },
    /// Enroll everybody of a file that `export`, or `encode --format npy`, wrote
    Import {
        /// FILE.jsonl or FILE.npy
        file: PathBuf,
        /// With FILE.npy, the table of its rows: a CSV file with a column `name`
        /// [default: FILE.csv]
        #[arg(long, value_name = "CSV")]
        names: Option<PathBuf>,
        /// The numbers were made by the model in use, although the file does not say so
        #[arg(long)]
        same_model: bool,
    },
    /// Make everybody's numbers anew with the model in use, from the photos that were
    /// kept
    Rebuild {
        /// Leave out the photos that were not kept or show no face, and people without
        /// any other
        #[arg(long)]
        drop: bool,
    },
    /// Write the file anew, without what earlier changes left in it
    Compact,
    /// Make the index for --search hnsw, in PostgreSQL with the extension pgvector
    #[cfg(feature = "postgres")]
    Index {
        /// Remove it
        #[arg(long)]
        drop: bool,
    },
    /// Print where the file is
    Path,
}

/// Group the photos of a folder by person.
#[derive(Debug, Args)]
#[command(mut_arg("face", |face| face.default_value("all")))]
pub(crate) struct Cluster {
    /// Folder of photos, and folders of photos in it
    pub(crate) folder: PathBuf,
    /// Join groups of faces that are nearer than this distance, 0 to 2; 0.7 to 0.77 joins
    /// more, and is better for some hundred faces of few people [default: the calibration's
    /// for one comparison, 0.643 for the shipped weights]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    #[command(flatten)]
    pub(crate) faces: Faces,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object a person
    #[arg(long)]
    pub(crate) json: bool,
}

/// Recognize the people of each new photo in a folder: JSON lines, until Ctrl-C.
#[derive(Debug, Args)]
#[command(mut_arg("face", |face| face.default_value("all")))]
pub(crate) struct Watch {
    /// The folder
    pub(crate) folder: PathBuf,
    /// Photos that are there already, too
    #[arg(long)]
    pub(crate) existing: bool,
    /// Milliseconds between two looks at the folder
    #[arg(long, value_name = "MS", default_value = "500")]
    pub(crate) interval: NonZeroUsize,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    /// How many of the nearest people to list
    #[arg(long, value_name = "K", default_value = "2")]
    pub(crate) top: NonZeroUsize,
    #[command(flatten)]
    pub(crate) admission: Admission,
    #[command(flatten)]
    pub(crate) faces: Faces,
}
