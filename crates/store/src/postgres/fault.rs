//! What can go wrong between here and the database.

use postgres::error::SqlState;

use crate::{Database, StoreError};

/// How long a change waits for another that is under way, in seconds.
pub(super) const PATIENCE: u64 = 30;

/// A fault, before it is known what it happened to.
#[derive(Debug)]
pub(super) enum Fault {
    /// The database's, or the connection's.
    Database(Box<postgres::Error>),
    /// What was read makes no sense.
    Damaged(String),
    /// It is no database for people.
    NotAStore(String),
    /// One that has its words already.
    Store(StoreError),
}

impl From<postgres::Error> for Fault {
    fn from(error: postgres::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Fault {
    pub(super) fn damaged(what: impl ToString) -> Self {
        Self::Damaged(what.to_string())
    }

    /// The database's own word for it.
    pub(super) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(state))
    }

    /// With what was tried, and where.
    pub(super) fn at(self, database: &Database, doing: &'static str) -> StoreError {
        let at = database.to_string();
        if self.is(&SqlState::LOCK_NOT_AVAILABLE) {
            return StoreError::Busy { at, seconds: PATIENCE };
        }
        match self {
            Self::Database(source) => StoreError::Postgres { at, doing, source },
            Self::Damaged(found) => StoreError::Damaged { file: at.into(), found },
            Self::NotAStore(found) => StoreError::NotAStore { file: at.into(), found },
            Self::Store(error) => error,
        }
    }
}
