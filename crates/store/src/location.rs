//! Where people are kept: a file, or a database that several machines share.
//!
//! An address of a database may hold a password. It is read by the code that connects,
//! and shown to nobody: what is printed of it, `Debug` too, is without.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Where people are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file of this machine.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(Database),
}

/// A PostgreSQL database, as `postgres://USER:PASSWORD@HOST:PORT/NAME?…`.
#[derive(Clone, PartialEq, Eq)]
pub struct Database {
    url: String,
    /// How to look for the nearest people there.
    pub search: Search,
}

/// How a database looks for the nearest people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Search {
    /// By comparing with everybody.
    #[default]
    Exact,
    /// By an HNSW index (Malkov and Yashunin, 2018), which pgvector has: much faster with
    /// many people, and now and then the nearest person is missed.
    Hnsw,
}

impl Location {
    /// A path, or what begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    /// When it is an address of something else.
    pub fn parse(text: &Path) -> Result<Self, StoreError> {
        let Some((scheme, _)) = text.to_str().and_then(|text| text.split_once("://")) else {
            return Ok(Self::File(text.to_path_buf()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" => Ok(Self::Postgres(Database {
                url: text.to_string_lossy().into_owned(),
                search: Search::Exact,
            })),
            _ => Err(StoreError::UnknownScheme { found: scheme.to_owned() }),
        }
    }

    /// As errors name it.
    pub(crate) fn shown(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Postgres(database) => PathBuf::from(database.to_string()),
        }
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Postgres(database) => database.fmt(f),
        }
    }
}

impl Database {
    /// The whole address, for who connects.
    #[cfg(feature = "postgres")]
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for Database {
    /// The address without its password and without what stands behind `?`.
    ///
    /// An unescaped `@`, `/` or `?` in a password is a fault that this has to survive, so
    /// the host begins behind the last `@` of the whole address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let (user, place) = match rest.rsplit_once('@') {
            Some((user, place)) => (user.split([':', '@', '?']).next(), place),
            None => (None, rest),
        };
        let place = place.split('?').next().unwrap_or_default();
        match user.filter(|user| !user.is_empty()) {
            Some(user) => write!(f, "{scheme}://{user}@{place}"),
            None => write!(f, "{scheme}://{place}"),
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self}, {:?})", self.search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Location {
        Location::parse(Path::new(text)).unwrap()
    }

    #[test]
    fn files_and_databases_are_told_apart() {
        for file in ["people.redb", "/a/b:c", "postgres", "a@b?c"] {
            assert_eq!(parsed(file), Location::File(file.into()));
        }
        assert!(matches!(parsed("PostgreSQL://h/d"), Location::Postgres(_)));
        let error = Location::parse(Path::new("mysql://u:secret@h/d")).unwrap_err();
        assert!(matches!(error, StoreError::UnknownScheme { .. }));
        assert!(!error.to_string().contains("secret"));
    }

    #[test]
    fn a_password_is_never_shown() {
        let kian = "postgres://kian@db.example:5432/faces";
        for (url, shown) in [
            (kian, kian),
            ("postgres://kian:secret@db.example:5432/faces", kian),
            ("postgres://kian:secret@db.example:5432/faces?sslmode=disable", kian),
            ("postgres://kian@db.example:5432/faces?password=secret", kian),
            ("postgres://kian:se@secret@db.example:5432/faces", kian),
            ("postgres://kian:/secret?x@db.example:5432/faces", kian),
            ("postgres://:secret@db.example/faces", "postgres://db.example/faces"),
            ("postgres://db.example/faces?password=secret", "postgres://db.example/faces"),
            ("postgres:///faces?host=/run/x", "postgres:///faces"),
            ("postgres://kian@%2Frun%2Fx/faces", "postgres://kian@%2Frun%2Fx/faces"),
        ] {
            let location = parsed(url);
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("secret"), "{location:?}");
        }
        // Nor where it stands behind the host's `@`, which stands behind `?`.
        let behind = parsed("postgres://db/faces?password=secret&application_name=a@b");
        assert!(!behind.to_string().contains("secret"), "{behind}");
    }
}
