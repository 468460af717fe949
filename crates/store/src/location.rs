//! Location and access mode of a store.
//!
//! The address of a database may contain a password. Only the code that connects reads it;
//! what is printed of an address, with `Debug` too, is without.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::Error;

/// Access mode of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only: several programs may do so at a time. Of a database, everything that
    /// is read is of the moment of opening.
    Read,
    /// Changes: one program at a time for a file, many for a database. A store that does
    /// not exist is created.
    Write,
}

/// Where people are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A file on this machine.
    File(PathBuf),
    /// A PostgreSQL database.
    Postgres(PostgresAddress),
}

/// The address of a PostgreSQL database, as `postgres://USER:PASSWORD@HOST:PORT/NAME?…`.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresAddress {
    url: String,
    /// How to search for the nearest people there.
    pub search: SearchMethod,
}

/// How a database searches for the nearest people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SearchMethod {
    /// By comparing with every person.
    #[default]
    Exact,
    /// By pgvector's HNSW index (Malkov and Yashunin, 2018): much faster with many people,
    /// but it sometimes misses the nearest person.
    Hnsw,
}

impl Location {
    /// A path, or an address that begins with `postgres://` or `postgresql://`.
    ///
    /// # Errors
    /// When it is an address of another kind.
    pub fn parse(text: &Path) -> Result<Self, Error> {
        let lossy = text.to_string_lossy();
        let Some((scheme, rest)) = lossy.split_once("://") else {
            return Ok(Self::File(text.to_path_buf()));
        };
        match scheme.to_ascii_lowercase().as_str() {
            // The library that connects knows the scheme in lower case only.
            scheme @ ("postgres" | "postgresql") => Ok(Self::Postgres(PostgresAddress {
                url: format!("{scheme}://{rest}"),
                search: SearchMethod::Exact,
            })),
            _ => Err(Error::UnknownScheme { found: scheme.to_owned() }),
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
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

impl PostgresAddress {
    /// The whole address with its password, for connecting.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl fmt::Display for PostgresAddress {
    /// The address without its password and without the options after `?`.
    ///
    /// A password may contain an unescaped `@`, `/`, `?` or `:` by mistake. If it is then
    /// not certain which part is the password, only what precedes all of these is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, rest) = self.url.split_once("://").unwrap_or(("postgres", &self.url));
        let first = rest.split(['@', '/', '?', ':', '&']).next().unwrap_or_default();
        let (head, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (has_user, hosts) = match head.rsplit_once('@') {
            Some((_, hosts)) => (true, hosts),
            None => (false, head),
        };
        // Somebody may write `&` for `?`.
        let hosts = hosts.split('&').next().unwrap_or_default();
        if query.contains('@') || !has_only_ports(hosts) {
            return write!(f, "{scheme}://{first}…");
        }
        match has_user && !first.is_empty() {
            true => write!(f, "{scheme}://{first}@{hosts}"),
            false => write!(f, "{scheme}://{hosts}"),
        }
    }
}

/// Whether the part after each host's `:` is a number: a port is, a password hardly ever.
fn has_only_ports(hosts: &str) -> bool {
    let hosts = hosts.split('/').next().unwrap_or_default();
    hosts.split(',').all(|host| {
        // An IPv6 address is in brackets and has colons.
        let after = host.rsplit_once(']').map_or(host, |(_, after)| after);
        let port = after.split_once(':').map_or("", |(_, port)| port);
        port.bytes().all(|byte| byte.is_ascii_digit())
    })
}

impl fmt::Debug for PostgresAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresAddress({self}, {:?})", self.search)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Location {
        Location::parse(Path::new(text)).unwrap()
    }

    #[test]
    fn files_and_databases_are_distinguished() {
        for file in ["people.redb", "/a/b:c", "postgres", "a@b?c"] {
            assert_eq!(parsed(file), Location::File(file.into()));
        }
        assert!(matches!(parsed("PostgreSQL://h/d"), Location::Postgres(_)));
        let error = Location::parse(Path::new("mysql://u:secret@h/d")).unwrap_err();
        assert!(matches!(error, Error::UnknownScheme { .. }));
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
            // It is not certain which part is the password.
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
