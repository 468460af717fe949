//! A connection to a database, which is opened again after it was lost.
//!
//! No TLS: every pure-Rust provider of its cryptography is either young or compiles C. So
//! a database on another machine is refused unless the address asks for that.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::config::SslMode;
use postgres::error::SqlState;
use postgres::{Client, Config, NoTls, Transaction};
use store::{Access, Error, PostgresAddress};

use crate::address;

/// How long a change waits for another that is under way, in seconds.
const LOCK_TIMEOUT: u64 = 30;

/// How long an idle connection may take to answer before it is opened again.
const ALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// Begins a transaction that reads one snapshot. The locks only keep tables from being
/// rewritten meanwhile, which no snapshot protects from.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    LOCK TABLE facenet.people, facenet.templates, facenet.photos IN ACCESS SHARE MODE;
    SELECT 1 FROM facenet.about";

/// An error of the database, before the address is added.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The database or the connection failed.
    Database(Box<postgres::Error>),
    /// The rows that were read are not those that were written.
    Damaged(String),
    /// The database cannot hold people.
    NotAStore(String),
    /// An error that is complete.
    Store(Error),
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(crate) fn damaged(found: impl ToString) -> Self {
        Self::Damaged(found.to_string())
    }

    /// Whether the database reports this state.
    pub(crate) fn is(&self, state: &SqlState) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(state))
    }

    /// Adds what was tried, and where.
    fn at(self, address: &PostgresAddress, action: &'static str) -> Error {
        let at = address.to_string();
        if self.is(&SqlState::LOCK_NOT_AVAILABLE) {
            return Error::Busy { at, seconds: LOCK_TIMEOUT };
        }
        let is_disk_full = self.is(&SqlState::DISK_FULL);
        match self {
            Self::Database(source) if is_disk_full => Error::NoSpace { at, action, source },
            Self::Database(source) => Error::Database { at, action, source },
            Self::Damaged(found) => Error::Damaged { at, found },
            Self::NotAStore(found) => Error::NotAStore { at, found },
            Self::Store(error) => error,
        }
    }
}

/// A transaction that reads one snapshot, and ends when it is dropped.
struct Snapshot<'c>(&'c mut Client);

impl<'c> Snapshot<'c> {
    fn begin(client: &'c mut Client) -> Result<Self, Failure> {
        let snapshot = Self(client);
        snapshot.0.batch_execute(BEGIN)?;
        Ok(snapshot)
    }
}

impl Drop for Snapshot<'_> {
    fn drop(&mut self) {
        // Nothing was written, and a lost connection has ended the transaction.
        let _ = self.0.batch_execute("ROLLBACK");
    }
}

/// A connection to a database.
pub(crate) struct Session {
    pub(crate) address: PostgresAddress,
    config: Config,
    access: Access,
    client: Mutex<Client>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {:?})", self.address, self.access)
    }
}

impl Session {
    pub(crate) fn open(address: &PostgresAddress, access: Access) -> Result<Self, Error> {
        let mut config = address::parse(address.url())
            .ok_or_else(|| Error::InvalidAddress { at: address.to_string() })?;
        address::complete(&mut config);
        if !address::is_local(&config) && config.get_ssl_mode() != SslMode::Disable {
            return Err(Error::Unencrypted { at: address.to_string() });
        }
        let client = connect(&config).map_err(|failure| failure.at(address, "connect"))?;
        Ok(Self { address: address.clone(), config, access, client: Mutex::new(client) })
    }

    /// Opens a new connection.
    pub(crate) fn reconnect(&self) -> Result<(), Error> {
        let client =
            connect(&self.config).map_err(|failure| failure.at(&self.address, "connect"))?;
        *self.client() = client;
        Ok(())
    }

    /// From here on everything that is read is of this moment.
    pub(crate) fn hold_snapshot(&self) -> Result<(), Error> {
        self.read("read it", |client| Ok(client.batch_execute(BEGIN)?))
    }

    /// Reads several things of one moment.
    pub(crate) fn read_snapshot<T>(
        &self,
        action: &'static str,
        read: impl FnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut client = self.client();
        let result = match self.access {
            // The session reads one snapshot from its beginning.
            Access::Read => read(&mut client),
            Access::Write => self
                .ensure_alive(&mut client)
                .and_then(|()| Snapshot::begin(&mut client))
                .and_then(|snapshot| read(&mut *snapshot.0)),
        };
        result.map_err(|failure| failure.at(&self.address, action))
    }

    /// Reads, over a new connection if the old one turns out to be lost.
    pub(crate) fn read<T>(
        &self,
        action: &'static str,
        read: impl Fn(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut client = self.client();
        let result = read(&mut client).or_else(|failure| {
            // The snapshot of a reading session is lost with its connection.
            if client.is_closed() && self.access == Access::Write {
                *client = connect(&self.config)?;
                return read(&mut client);
            }
            Err(failure)
        });
        result.map_err(|failure| failure.at(&self.address, action))
    }

    /// Runs statements outside a transaction, over a connection that is alive.
    pub(crate) fn run<T>(
        &self,
        action: &'static str,
        run: impl FnOnce(&mut Client) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let mut client = self.client();
        let result = self.ensure_alive(&mut client).and_then(|()| run(&mut client));
        result.map_err(|failure| failure.at(&self.address, action))
    }

    /// Runs statements in a transaction: all of them, or none.
    pub(crate) fn write<T>(
        &self,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.run("write to it", |client| {
            let mut transaction = client.transaction()?;
            let result = write(&mut transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    fn ensure_alive(&self, client: &mut Client) -> Result<(), Failure> {
        if client.is_valid(ALIVE_TIMEOUT).is_err() {
            *client = connect(&self.config)?;
        }
        Ok(())
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        // If a thread panicked, the destructor of its transaction rolled it back.
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connects, and overrides settings of the database that would change what our statements
/// mean.
fn connect(config: &Config) -> Result<Client, Failure> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute(&format!(
        "SET client_min_messages = error;
         SET default_transaction_isolation = 'read committed';
         SET lock_timeout = '{LOCK_TIMEOUT}s';
         SET jit = off;"
    ))?;
    find_pgvector(&mut client)?;
    Ok(client)
}

/// Puts the extension's schema on the search path, if there is one: our tables are always
/// named with their schema, the extension's types are not.
pub(crate) fn find_pgvector(client: &mut Client) -> Result<(), Failure> {
    client.execute(
        "SELECT set_config('search_path', concat_ws(', ', 'pg_catalog', (
             SELECT quote_ident(n.nspname)
             FROM pg_catalog.pg_extension e
             JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
             WHERE e.extname = 'vector'
         )), false)",
        &[],
    )?;
    Ok(())
}
