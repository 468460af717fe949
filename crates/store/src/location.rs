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
        let lossy = text.to_string_lossy();
        let Some((scheme, rest)) = lossy.split_once("://") else {
            return Ok(Self::File(text.to_path_buf()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            // Who connects knows the scheme in small letters only.
            scheme @ ("postgres" | "postgresql") => Ok(Self::Postgres(Database {
                url: format!("{scheme}://{rest}"),
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
    /// An unescaped `@`, `/`, `?` or `:` in a password is a fault that this has to survive.
    /// Where it leaves a doubt which part is the password, only what is before all of them
    /// is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let first = rest.split(['@', '/', '?', ':', '&']).next().unwrap_or_default();
        let (head, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (before, place) = match head.rsplit_once('@') {
            Some((before, place)) => (Some(before), place),
            None => (None, head),
        };
        // `&` is what somebody may write for `?`.
        let place = place.split('&').next().unwrap_or_default();
        if query.contains('@') || !has_only_ports(place) {
            return write!(f, "{scheme}://{first}…");
        }
        match before.map(|_| first).filter(|user| !user.is_empty()) {
            Some(user) => write!(f, "{scheme}://{user}@{place}"),
            None => write!(f, "{scheme}://{place}"),
        }
    }
}

/// Whether what stands behind each host's `:` is a number, as a port is and a password
/// seldom.
fn has_only_ports(place: &str) -> bool {
    let hosts = place.split('/').next().unwrap_or_default();
    hosts.split(',').all(|host| {
        // An address of IPv6 is in brackets, with colons in it.
        let behind = host.rsplit_once(']').map_or(host, |(_, behind)| behind);
        let port = behind.split_once(':').map_or("", |(_, port)| port);
        port.bytes().all(|byte| byte.is_ascii_digit())
    })
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
            ("postgres://kian:secret@db.example:5432/faces&password=secret", kian),
            ("postgres://kian@corp:secret@db.example:5432/faces", kian),
            // Which part is the password is not sure.
            ("postgres://kian:/secret?x@db.example:5432/faces", "postgres://kian…"),
            ("postgres://kian:a@secret?b@db.example/faces", "postgres://kian…"),
            ("postgres://kian@db/faces?password=p@secret", "postgres://kian…"),
            ("postgres://db:5432/faces?password=p@secret", "postgres://db…"),
            ("postgres://db/faces?password=p@secret/x", "postgres://db…"),
            ("postgres://kian:secret/faces", "postgres://kian…"),
            ("PostGreS://kian:secret@db.example:5432/faces", kian),
            ("postgres://[::1]:5432,h:1/faces", "postgres://[::1]:5432,h:1/faces"),
            ("postgres://:secret@db.example/faces", "postgres://db.example/faces"),
            ("postgres://db.example/faces?password=secret", "postgres://db.example/faces"),
            ("postgres:///faces?host=/run/x", "postgres:///faces"),
            ("postgres://kian@%2Frun%2Fx/faces", "postgres://kian@%2Frun%2Fx/faces"),
        ] {
            let location = parsed(url);
            assert_eq!(location.to_string(), shown);
            assert!(!format!("{location:?}").contains("secret"), "{location:?}");
        }
        let behind = parsed("postgres://db/faces?password=secret&application_name=a@b");
        assert!(!behind.to_string().contains("secret"), "{behind}");
    }
}
