//! Errors of redb, and the store's error once the path is known.

use crate::Error;

/// An error inside a transaction.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database failed.
    Database(redb::Error),
    /// The bytes that were read are not those of a row.
    Damaged(String),
    /// An error that is complete.
    Store(Error),
}

impl<E: Into<redb::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        match error.into() {
            redb::Error::Corrupted(found) => Self::Damaged(found),
            error => Self::Database(error),
        }
    }
}

/// The path that errors name.
#[derive(Clone, Debug)]
pub(super) struct FilePath(pub(super) String);

impl FilePath {
    pub(super) fn reading<T>(&self, read: impl FnOnce() -> Result<T, Failure>) -> Result<T, Error> {
        read().map_err(|failure| self.failed("read it", failure))
    }

    pub(super) fn writing<T>(
        &self,
        write: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Error> {
        write().map_err(|failure| self.failed("write to it", failure))
    }

    pub(super) fn opened<T>(&self, opened: Result<T, redb::DatabaseError>) -> Result<T, Error> {
        opened.map_err(|error| match error {
            redb::DatabaseError::DatabaseAlreadyOpen => Error::InUse { at: self.0.clone() },
            redb::DatabaseError::Storage(redb::StorageError::Io(error))
                if is_damage(error.kind()) =>
            {
                Error::Damaged { at: self.0.clone(), found: error.to_string() }
            }
            error => self.failed("open it", error.into()),
        })
    }

    pub(super) fn io(&self, action: &'static str, source: std::io::Error) -> Error {
        Error::io(self.0.clone(), action, source)
    }

    fn failed(&self, action: &'static str, failure: Failure) -> Error {
        let at = self.0.clone();
        match failure {
            Failure::Damaged(found) => Error::Damaged { at, found },
            Failure::Database(redb::Error::Io(source)) => Error::io(at, action, source),
            Failure::Database(source) => Error::Database { at, action, source: source.into() },
            Failure::Store(error) => error,
        }
    }
}

/// Whether a read failed because of the bytes that were read.
fn is_damage(kind: std::io::ErrorKind) -> bool {
    matches!(kind, std::io::ErrorKind::InvalidData | std::io::ErrorKind::UnexpectedEof)
}
