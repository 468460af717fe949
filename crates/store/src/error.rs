//! Errors of stores.

use std::io;

use facenet::gallery::{PersonName, TemplateError};

use crate::{Model, UpkeepError};

/// An error of a caller's own function; see [`Store::rewrite`](crate::Store::rewrite).
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// An error of a store, or of a request to it.
///
/// `at` is the store's path, or its database's address without the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such file, or the database has none of our tables.
    #[error("{at}: there is no such store: nobody is enrolled yet")]
    Missing {
        /// The store.
        at: String,
    },
    /// The file or database is something else.
    #[error("{at}: expected a store of enrolled people, found {found}")]
    NotAStore {
        /// The store.
        at: String,
        /// What it looks like.
        found: String,
    },
    /// The bytes that were read are not those that were written.
    #[error("{at}: this store is damaged: {found}; restore it from a backup")]
    Damaged {
        /// The store.
        at: String,
        /// How the damage was noticed.
        found: String,
    },
    /// A later version of this program wrote it.
    #[error("{at}: its format version is {found}, expected {expected}")]
    Version {
        /// The store.
        at: String,
        /// The version that this program writes.
        expected: u64,
        /// The store's.
        found: u64,
    },
    /// The templates were made by another model.
    #[error(
        "{at}: its people were enrolled with another model, {found}; this program uses \
         {expected}, and the encodings of two models cannot be compared. `facenet gallery \
         rebuild` encodes the photos again where they were kept; otherwise choose that model, \
         or enroll these people again"
    )]
    ModelMismatch {
        /// The store.
        at: String,
        /// The model in use.
        expected: Box<Model>,
        /// The store's.
        found: Box<Model>,
    },
    /// Another process has it open.
    #[error("{at}: another program is using it; if that is `facenet serve`, use its interface")]
    InUse {
        /// The store.
        at: String,
    },
    /// The file cannot be replaced, so nobody could be removed from it.
    #[error("{at}: people can only be removed from a file that can be replaced: {reason}")]
    NotReplaceable {
        /// The store.
        at: String,
        /// Why it cannot be.
        reason: String,
    },
    /// The file that is open is not at its path any more.
    #[error(
        "{at}: this file was removed, renamed or emptied while it was in use, and changes would \
         be lost with it: put it back, or restart this program to begin a new store"
    )]
    FileRemoved {
        /// The store.
        at: String,
    },
    /// Another program replaced the file in the middle of a change.
    #[error("{at}: another program replaced this file during the change, which is lost: repeat it")]
    FileReplaced {
        /// The store.
        at: String,
    },
    /// The disk is full, or the user's quota of it.
    #[error("{at}: cannot {action}: there is no space left")]
    NoSpace {
        /// The store.
        at: String,
        /// What was tried.
        action: &'static str,
        /// What the system or the database says.
        source: BoxError,
    },
    /// The file, or the directory around it, cannot be read or written.
    #[error("{at}: cannot {action}")]
    Io {
        /// The store.
        at: String,
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// The database under the store failed.
    #[error("{at}: cannot {action}")]
    Database {
        /// The store.
        at: String,
        /// What was tried.
        action: &'static str,
        /// What the database says.
        source: BoxError,
    },
    /// Another program holds a lock that a change needs, for too long.
    #[error("{at}: another program has been changing it for {seconds} s; try again later")]
    Busy {
        /// The store.
        at: String,
        /// How long this program waited.
        seconds: u64,
    },
    /// The connection to the database would not be encrypted.
    #[error(
        "{at}: connections to databases are not encrypted, and this one is on another machine: \
         use a tunnel (ssh, WireGuard, stunnel), or add `?sslmode=disable` to the address if \
         nobody else can read that network"
    )]
    Unencrypted {
        /// The store.
        at: String,
    },
    /// The program was built without support for PostgreSQL.
    #[error(
        "{at}: this program was built without PostgreSQL; build it with `cargo build --release \
         -p app --features postgres`"
    )]
    WithoutPostgres {
        /// The store.
        at: String,
    },
    /// The address is neither a file nor a PostgreSQL database.
    #[error("expected a file or postgres://…, found an address that begins with {found}://")]
    UnknownScheme {
        /// How it begins.
        found: String,
    },
    /// The address cannot be parsed. The parser's own message is left out, since it may
    /// contain a part of the password.
    #[error(
        "{at}: this address cannot be parsed: expected postgres://USER@HOST/DATABASE, with `@`, \
         `:`, `/` and `?` in a password written as `%40`, `%3A`, `%2F` and `%3F`, followed by no \
         options but those of libpq"
    )]
    InvalidAddress {
        /// The address, as far as it may be shown.
        at: String,
    },
    /// The change is committed, but bytes of what it removed are still in the database.
    #[error(
        "{at}: the change is done and must not be repeated, but bytes of what it removed or \
         replaced are left in the tables' files: `facenet gallery compact` removes them"
    )]
    CleanupFailed {
        /// The store.
        at: String,
        /// Why they are left.
        source: BoxError,
    },
    /// PostgreSQL lets only the tables' owner clean them up.
    #[error(
        "{at}: its tables belong to {owner:?}, the only role that can clear removed rows from \
         their files: run `facenet gallery compact` as {owner:?}"
    )]
    NotOwner {
        /// The store.
        at: String,
        /// The owner.
        owner: String,
    },
    /// An index search without an index.
    #[error("{at}: there is no index to search by: `facenet gallery index` creates it")]
    IndexMissing {
        /// The store.
        at: String,
    },
    /// The store cannot have an index.
    #[error("an index needs PostgreSQL with the extension pgvector (0.5 or later)")]
    IndexUnsupported,
    /// PostgreSQL cannot keep a NUL in a text, so no store accepts one.
    #[error("{name:?}: the note of consent contains the character NUL")]
    ConsentHasNul {
        /// The person.
        name: String,
    },
    /// A note of consent is too long.
    #[error("a note of consent has {found} bytes, expected at most {expected}")]
    ConsentTooLong {
        /// The limit.
        expected: usize,
        /// Its length.
        found: usize,
    },
    /// Nobody has the name.
    #[error("nobody is enrolled as {name:?}")]
    PersonNotFound {
        /// The name.
        name: String,
    },
    /// Another person has the name.
    #[error("another person is already enrolled as {name:?}")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// A person would have too many templates.
    #[error("{name:?} would have {found} photos, expected at most {expected}")]
    TooManyTemplates {
        /// The person.
        name: String,
        /// The limit.
        expected: usize,
        /// The number with the new ones.
        found: usize,
    },
    /// The templates have no mean.
    #[error("{name:?} cannot be enrolled")]
    InvalidTemplates {
        /// The person.
        name: String,
        /// Why.
        source: TemplateError,
    },
    /// A merge, or a removal of photos, that makes no sense.
    #[error(transparent)]
    Upkeep(#[from] UpkeepError),
    /// The caller's own function failed.
    #[error("{name:?} could not be changed, so no one was")]
    Callback {
        /// The person that it was given.
        name: String,
        /// Why.
        source: BoxError,
    },
}

impl Error {
    /// An error of the system: [`NoSpace`](Self::NoSpace) or [`Io`](Self::Io).
    pub(crate) fn io(at: String, action: &'static str, source: io::Error) -> Self {
        match is_no_space(&source) {
            true => Self::NoSpace { at, action, source: source.into() },
            false => Self::Io { at, action, source },
        }
    }

    /// Nobody has this name.
    pub fn person_not_found(name: &PersonName) -> Self {
        Self::PersonNotFound { name: name.as_str().to_owned() }
    }

    /// Another person has this name.
    pub fn name_taken(name: &PersonName) -> Self {
        Self::NameTaken { name: name.as_str().to_owned() }
    }

    /// The caller's own function failed for this person.
    pub fn callback(name: &PersonName, source: BoxError) -> Self {
        Self::Callback { name: name.as_str().to_owned(), source }
    }

    /// Whether the request cannot be met and nothing was changed: the fault is the
    /// caller's, and not the store's.
    pub fn is_rejection(&self) -> bool {
        matches!(
            self,
            Self::PersonNotFound { .. }
                | Self::NameTaken { .. }
                | Self::TooManyTemplates { .. }
                | Self::ConsentTooLong { .. }
                | Self::ConsentHasNul { .. }
                | Self::InvalidTemplates { .. }
                | Self::Upkeep(_)
        )
    }
}

/// Whether there is no space for what was to be written.
pub(crate) fn is_no_space(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
