//! Why people cannot be kept or found.

use std::io;
use std::path::PathBuf;

use facenet::gallery::TemplateError;

use crate::Model;

/// What a caller's own change of a person failed with; see [`Store::change`](crate::Store::change).
pub type ChangeError = Box<dyn std::error::Error + Send + Sync>;

/// What is wrong with a store, or with what was asked of it.
///
/// Where there is a `file`, it may be a database's address, without its password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such file, or the database has none of our tables.
    #[error("{}: there is no such store: nobody is enrolled yet", file.display())]
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
    /// The PostgreSQL database failed.
    #[error("{at}: cannot {doing}")]
    Postgres {
        /// Which.
        at: String,
        /// What was tried.
        doing: &'static str,
        /// What it says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Another program holds what a change needs, for too long.
    #[error("{at}: somebody else has been using it for {seconds} s; try again later")]
    Busy {
        /// Which.
        at: String,
        /// How long this one waited.
        seconds: u64,
    },
    /// What is sent could be read on its way.
    #[error(
        "{at}: this program speaks to databases without encryption, and this one is on another \
         machine: lead the connection through a tunnel (ssh, WireGuard, stunnel), or say \
         `?sslmode=disable` at the address's end if nobody else can read that network"
    )]
    Unencrypted {
        /// Which.
        at: String,
    },
    /// The program has no code for it.
    #[error(
        "{at}: this program was built without PostgreSQL; `cargo build --release -p app \
         --features postgres` builds it in"
    )]
    WithoutPostgres {
        /// Which.
        at: String,
    },
    /// An address of something that is neither.
    #[error("expected a file or postgres://…, found an address that begins with {found}://")]
    UnknownScheme {
        /// How it begins.
        found: String,
    },
    /// An address that cannot be understood. What the parser says of it is kept back, since
    /// it may have a part of the password in it.
    #[error(
        "{at}: this address cannot be understood: expected postgres://USER@HOST/DATABASE, with \
         `@`, `:`, `/` and `?` in a password written `%40`, `%3A`, `%2F` and `%3F`, and behind \
         it no options but those of libpq"
    )]
    BadAddress {
        /// Which, as far as it may be shown.
        at: String,
    },
    /// A change of a database is done, and what it removed may not be written over yet.
    #[error(
        "{at}: the change is done and needs no second time, but bytes of what it removed or \
         replaced are left in the tables' files: `facenet gallery compact` clears them"
    )]
    Left {
        /// Where.
        at: String,
        /// Why they are left.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Tables that somebody else has to clear, since PostgreSQL lets their owner alone.
    #[error(
        "{at}: its tables belong to {owner:?}, who alone can clear their files of what was \
         removed: `facenet gallery compact` has to be run as {owner:?}"
    )]
    NotOwner {
        /// Where.
        at: String,
        /// Whose they are.
        owner: String,
    },
    /// A search by an index that is not there.
    #[error("{at}: there is no index to search by: `facenet gallery index` makes it")]
    NoIndex {
        /// Which.
        at: String,
    },
    /// A store that needs no index, or cannot have one.
    #[error("an index is for people in PostgreSQL with the extension pgvector (0.5 or later)")]
    NoIndexHere,
    /// A note that not every store can keep: PostgreSQL knows no NUL.
    #[error("{name:?}: a note of consent has a character NUL in it, which is no text")]
    NulInNote {
        /// Whose.
        name: String,
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

impl StoreError {
    /// Whether what was asked for cannot be done, and nothing of it was begun.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::NoPerson { .. }
                | Self::NameTaken { .. }
                | Self::TooManyTemplates { .. }
                | Self::LongNote { .. }
                | Self::NulInNote { .. }
                | Self::Template { .. }
        )
    }
}
