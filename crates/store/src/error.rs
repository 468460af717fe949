//! Why people cannot be kept or found.

use std::io;
use std::path::PathBuf;

use facenet::gallery::TemplateError;

use crate::Model;

/// What a caller's own change of a person failed with; see [`Store::change`](crate::Store::change).
pub type ChangeError = Box<dyn std::error::Error + Send + Sync>;

/// What is wrong with a store, or with what was asked of it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file: nobody was enrolled.
    #[error("{}: no such file: nobody is enrolled yet", file.display())]
    Missing {
        /// Which.
        file: PathBuf,
    },
    /// The file is something else.
    #[error("{}: expected a store of enrolled people, found {found}", file.display())]
    NotAStore {
        /// Which.
        file: PathBuf,
        /// What it looks like.
        found: String,
    },
    /// Bytes of the file are not those that were written.
    #[error("{}: this store is damaged: {found}; restore a copy of it", file.display())]
    Damaged {
        /// Which.
        file: PathBuf,
        /// How it was noticed.
        found: String,
    },
    /// A later, or another, program wrote it.
    #[error("{}: its format version is {found}, expected {expected}", file.display())]
    Version {
        /// Which.
        file: PathBuf,
        /// The version that this program writes.
        expected: u64,
        /// The file's.
        found: u64,
    },
    /// The templates are another network's.
    #[error(
        "{}: its people were enrolled with another model, {found}, and this is {expected}: their \
         numbers cannot be compared. `facenet gallery rebuild` makes them anew where photos were \
         kept; otherwise pass that model, or enrol them again", file.display()
    )]
    OtherModel {
        /// Which.
        file: PathBuf,
        /// The model in use.
        expected: Box<Model>,
        /// The file's.
        found: Box<Model>,
    },
    /// Another process has it open.
    #[error(
        "{}: another program is using it; if that is `facenet serve`, ask it instead",
        file.display()
    )]
    InUse {
        /// Which.
        file: PathBuf,
    },
    /// The file, or the folder around it, cannot be read or written.
    #[error("{}: cannot {doing}", file.display())]
    Io {
        /// Which.
        file: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The database below failed.
    #[error("{}: cannot {doing}", file.display())]
    Database {
        /// Which.
        file: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// What it says.
        source: Box<redb::Error>,
    },
    /// Nobody has the name.
    #[error("nobody is called {name:?}")]
    NoPerson {
        /// The name.
        name: String,
    },
    /// Somebody has the name.
    #[error("somebody is called {name:?} already")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A person would have more templates than anybody needs.
    #[error("{name:?} would have {found} photos, expected at most {expected}")]
    TooManyTemplates {
        /// Who.
        name: String,
        /// The limit.
        expected: usize,
        /// With those handed in.
        found: usize,
    },
    /// A note that is none.
    #[error("a note of consent has {found} bytes, expected at most {expected}")]
    LongNote {
        /// The limit.
        expected: usize,
        /// Its length.
        found: usize,
    },
    /// Templates that have no mean.
    #[error("{name:?} cannot be enrolled")]
    Template {
        /// Who.
        name: String,
        /// Why.
        source: TemplateError,
    },
    /// The caller's own change failed.
    #[error("{name:?} was not changed, and nobody else")]
    Change {
        /// Who.
        name: String,
        /// Why.
        source: ChangeError,
    },
}
