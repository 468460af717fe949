//! Arguments of the commands that work with enrolled people.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Args, Subcommand};
use facenet::gallery::PersonName;
use facenet::matching::Threshold;
use store::SearchMethod;

use super::{Admission, Faces, ModelChoice};

/// The store of enrolled people, and the network of their encodings.
#[derive(Debug, Args)]
pub(crate) struct StoreChoice {
    /// File of enrolled people [default: facenet/people.redb in the user's data folder;
    /// see `facenet gallery path`], or postgres://USER@HOST/DATABASE if built with
    /// PostgreSQL support
    // The help page must not show the password of an address.
    #[arg(long, global = true, value_name = "PATH", env = "FACENET_DB", hide_env_values = true)]
    pub(crate) db: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// How a database searches for the nearest people: exact, or hnsw, which is faster
    /// among many people, may miss a person, and needs `facenet gallery index`
    #[cfg(feature = "postgres")]
    #[arg(long, global = true, value_name = "HOW", default_value = "exact")]
    search: SearchChoice,
}

/// How a database searches for the nearest people.
#[cfg(feature = "postgres")]
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SearchChoice {
    /// Compare with all people.
    Exact,
    /// Use an index, which nearly always gives the same answer.
    Hnsw,
}

impl StoreChoice {
    /// The method of `--search`; without database support there is only exact search.
    pub(crate) fn search(&self) -> SearchMethod {
        #[cfg(feature = "postgres")]
        if matches!(self.search, SearchChoice::Hnsw) {
            return SearchMethod::Hnsw;
        }
        SearchMethod::Exact
    }
}

/// Recognize the people of photos.
///
/// Compares each face with the enrolled people, or with those of the folder of --gallery.
#[derive(Debug, Args)]
pub(crate) struct Recognize {
    /// The photos; - for standard input
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// Folder of known people instead: NAME.jpg, or NAME/ with several photos; --db and
    /// FACENET_DB are ignored
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
    /// Print one JSON object per face
    #[arg(long)]
    pub(crate) json: bool,
}

/// Enroll a person, or add photos to an enrolled person.
///
/// Several photos, in different light and on different days, are better than one:
/// probes are compared with their mean. Ask the person first, and record the consent
/// with --consent. Photos are stored only with --keep-photos. A photo that is unlike the
/// person's others, or unlike those given with it, may show somebody else and is refused
/// unless --force says otherwise, as is one on which a mask, a hand or dark glasses hide the
/// mouth or the eyes; one that the person has already is not added again.
#[derive(Debug, Args)]
#[command(mut_arg("force", |force| force.help(
    "Use a face even if it is too small, blurred, dark, bright, rotated or covered for a \
     reliable comparison, or unlike the person's other photos"
)))]
pub(crate) struct Enroll {
    /// The person's name
    pub(crate) name: PersonName,
    /// Photos of the person
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// How and to what the person agreed; stored with the time
    #[arg(long, value_name = "NOTE")]
    pub(crate) consent: Option<String>,
    /// Also store the photo files, so that `facenet gallery rebuild` can encode them with
    /// another model
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

/// List, show, rename, remove, export and import enrolled people.
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
    /// List all people: name, number of photos, time of enrollment
    List,
    /// Show what is stored about a person
    Show {
        /// The person's name
        #[arg(value_parser = PersonName::enrolled)]
        name: PersonName,
    },
    /// Rename a person
    Rename {
        /// The current name
        #[arg(value_parser = PersonName::enrolled)]
        old: PersonName,
        /// The new name
        new: PersonName,
    },
    /// Remove people, with every byte of theirs in the file
    ///
    /// A new file without them is renamed over the old one. The old file's blocks on the
    /// disk, snapshots and backups are not erased.
    Remove {
        /// Their names
        #[arg(required = true, value_name = "NAME", value_parser = PersonName::enrolled)]
        names: Vec<PersonName>,
        /// Remove only this photo of one person, by its number in `gallery show`; may be
        /// repeated
        #[arg(long, value_name = "NUMBER")]
        photo: Vec<usize>,
    },
    /// Give the photos of some people to another and remove these people: two names of one
    /// person become one
    Merge {
        /// The names that go
        #[arg(required = true, value_name = "NAME", value_parser = PersonName::enrolled)]
        names: Vec<PersonName>,
        /// The name that stays
        #[arg(long, value_name = "NAME", value_parser = PersonName::enrolled)]
        into: PersonName,
        /// Merge them even if their photos are unlike each other and may show two people
        #[arg(long)]
        force: bool,
    },
    /// Remove all people, or those who were enrolled long ago
    Purge {
        /// Only people of whom no photo was added for so many days
        #[arg(long, value_name = "DAYS")]
        older_than: Option<u32>,
        /// Confirm the removal
        #[arg(long)]
        yes: bool,
    },
    /// Check the stored encodings: who has too few photos, which photos may show somebody
    /// else or are copies, who is too much alike. Exits with 1 if something wants attention
    Check {
        #[command(flatten)]
        admission: Admission,
    },
    /// Write all people to a file: JSON lines, or .npy with a .csv of names beside it.
    /// Stored photos are exported with --photos only
    Export {
        /// FILE.jsonl or FILE.npy [default: JSON lines to standard output]
        file: Option<PathBuf>,
        /// Only this person, who may ask for it; may be repeated
        #[arg(long, value_name = "NAME", value_parser = PersonName::enrolled)]
        person: Vec<PersonName>,
        /// Also write the photo files that are stored, to this folder
        #[arg(long, value_name = "DIR")]
        photos: Option<PathBuf>,
    },
    /// Enroll the people of a file that `export`, or `encode --format npy`, wrote
    Import {
        /// FILE.jsonl or FILE.npy
        file: PathBuf,
        /// With FILE.npy, the table of its rows: a CSV file with a column `name`
        /// [default: FILE.csv]
        #[arg(long, value_name = "CSV")]
        names: Option<PathBuf>,
        /// Accept encodings whose file does not name the model: they are of the model in use
        #[arg(long)]
        same_model: bool,
    },
    /// Encode the stored photos of all people again with the model in use
    Rebuild {
        /// Drop encodings whose photo is not stored or shows no face, and people who have
        /// no other
        #[arg(long)]
        drop: bool,
    },
    /// Rewrite the file without the remains of earlier changes
    Compact,
    /// Create the index for --search hnsw, in PostgreSQL with the extension pgvector
    #[cfg(feature = "postgres")]
    Index {
        /// Remove the index
        #[arg(long)]
        drop: bool,
    },
    /// Print the path of the file
    Path,
}

/// Group the photos of a folder by person.
#[derive(Debug, Args)]
#[command(mut_arg("face", |face| face.default_value("all")))]
pub(crate) struct Cluster {
    /// Folder of photos; folders in it are included
    pub(crate) folder: PathBuf,
    /// Join groups of faces below this distance, 0 to 2; 0.7 to 0.77 joins more and is
    /// better for some hundred faces of few people [default: the calibration's for one
    /// comparison, 0.617 for the shipped weights]
    #[arg(long, value_name = "DISTANCE", allow_negative_numbers = true)]
    pub(crate) threshold: Option<Threshold>,
    #[command(flatten)]
    pub(crate) faces: Faces,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object per person
    #[arg(long)]
    pub(crate) json: bool,
}
