//! A connection, made anew when it was lost.
//!
//! No TLS: every pure-Rust provider of its cryptography is either young or compiles C. So
//! a database on another machine is refused unless the address says that this is meant.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls, Transaction};

use super::fault::{Fault, PATIENCE};
use crate::{Access, Database, StoreError};

/// How long to wait for a connection, where the address does not say.
const CONNECT: Duration = Duration::from_secs(10);

/// How long what was sent may stay without acknowledgement, and how long after the last
/// word, and how often, the other side is asked whether it is there.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// What stands there where the address says nothing.
const KEEPALIVE_OF_THE_LIBRARY: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a connection that was idle may take to answer before another is made.
const ALIVE: Duration = Duration::from_secs(5);

/// Begins to read what is of one moment. The locks keep off only what no moment can be kept
/// from: tables made anew.
const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    LOCK TABLE facenet.people, facenet.templates, facenet.photos IN ACCESS SHARE MODE;
    SELECT 1 FROM facenet.about";

/// A transaction that reads, and ends when it goes.
struct Moment<'c>(&'c mut Client);

impl<'c> Moment<'c> {
    fn begin(client: &'c mut Client) -> Result<Self, Fault> {
        let moment = Self(client);
        moment.0.batch_execute(BEGIN)?;
        Ok(moment)
    }
}

impl Drop for Moment<'_> {
    fn drop(&mut self) {
        // Nothing was written; if the connection is lost, so is the transaction.
        let _ = self.0.batch_execute("ROLLBACK");
    }
}

/// A connection to a database.
pub(super) struct Session {
    pub(super) database: Database,
    config: Config,
    access: Access,
    client: Mutex<Client>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({:?}, {:?})", self.database, self.access)
    }
}

impl Session {
    pub(super) fn open(database: &Database, access: Access) -> Result<Self, StoreError> {
        let mut config = understood(database.url())
            .ok_or_else(|| StoreError::BadAddress { at: database.to_string() })?;
        complete(&mut config);
        if !is_local(&config) && config.get_ssl_mode() != SslMode::Disable {
            return Err(StoreError::Unencrypted { at: database.to_string() });
        }
        let client = connect(&config).map_err(|fault| fault.at(database, "connect"))?;
        Ok(Self { database: database.clone(), config, access, client: Mutex::new(client) })
    }

    /// Connects anew.
    pub(super) fn renew(&self) -> Result<(), StoreError> {
        let client = connect(&self.config).map_err(|fault| fault.at(&self.database, "connect"))?;
        *self.client() = client;
        Ok(())
    }

    /// From here on everything that is read is of this moment.
    pub(super) fn hold_still(&self) -> Result<(), StoreError> {
        self.read("read it", |client| Ok(client.batch_execute(BEGIN)?))
    }

    /// Reads several things, all of one moment.
    pub(super) fn read_at_one_moment<T>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&mut Client) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut client = self.client();
        let result = match self.access {
            // All that it reads is of one.
            Access::Read => read(&mut client),
            Access::Write => self
                .revive(&mut client)
                .and_then(|()| Moment::begin(&mut client))
                .and_then(|moment| read(&mut *moment.0)),
        };
        result.map_err(|fault| fault.at(&self.database, doing))
    }

    /// Reads, a second time if the connection turns out to be lost.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        read: impl Fn(&mut Client) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut client = self.client();
        let result = read(&mut client).or_else(|fault| {
            // One moment's view is lost with its connection.
            if client.is_closed() && self.access == Access::Write {
                *client = connect(&self.config)?;
                return read(&mut client);
            }
            Err(fault)
        });
        result.map_err(|fault| fault.at(&self.database, doing))
    }

    /// Does something outside a transaction, over a connection that is alive.
    pub(super) fn run<T>(
        &self,
        doing: &'static str,
        run: impl FnOnce(&mut Client) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        let mut client = self.client();
        let result = self.revive(&mut client).and_then(|()| run(&mut client));
        result.map_err(|fault| fault.at(&self.database, doing))
    }

    /// Does something inside a transaction: all of it, or nothing.
    pub(super) fn write<T>(
        &self,
        write: impl FnOnce(&mut Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StoreError> {
        self.run("write to it", |client| {
            let mut transaction = client.transaction()?;
            let result = write(&mut transaction)?;
            transaction.commit()?;
            Ok(result)
        })
    }

    fn revive(&self, client: &mut Client) -> Result<(), Fault> {
        if client.is_valid(ALIVE).is_err() {
            *client = connect(&self.config)?;
        }
        Ok(())
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        // A transaction that was left by a panic is rolled back by its destructor.
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the address says; nothing where its parts are not what they seem: a password with
/// an unescaped `@` leaves a part of itself in the host, which would be asked for in the
/// network, and one behind `?` in the user.
fn understood(url: &str) -> Option<Config> {
    let config: Config = url.parse().ok()?;
    let is_host = |host: &Host| match host {
        Host::Tcp(name) => !name.contains(['@', ':', '?']) || name.parse::<IpAddr>().is_ok(),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    let is_user = !config.get_user().unwrap_or_default().contains(['/', '?']);
    let is_name = !config.get_dbname().unwrap_or_default().contains(['@', '&', '?']);
    (is_user && is_name && config.get_hosts().iter().all(is_host)).then_some(config)
}

/// What libpq would fill in.
fn complete(config: &mut Config) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    if config.get_password().is_none()
        && let Some(password) = std::env::var_os("PGPASSWORD")
    {
        config.password(password.as_encoded_bytes());
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    // A machine that has gone away is noticed, instead of being waited for: what it does not
    // acknowledge for so long, or not answer when it is asked whether it is there.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    if config.get_keepalives_idle() == KEEPALIVE_OF_THE_LIBRARY {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_application_name().is_none() {
        config.application_name("facenet");
    }
}

/// Whether nothing leaves this machine.
fn is_local(config: &Config) -> bool {
    let host = |host: &Host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    match config.get_hostaddrs() {
        // Where there are addresses, they are what is connected to.
        [] => config.get_hosts().iter().all(host),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

/// Connects, and makes sure that nothing of the database's settings changes what our
/// statements mean.
fn connect(config: &Config) -> Result<Client, Fault> {
    let mut client = config.connect(NoTls)?;
    client.batch_execute(&format!(
        "SET client_min_messages = error;
         SET default_transaction_isolation = 'read committed';
         SET lock_timeout = '{PATIENCE}s';
         SET jit = off;"
    ))?;
    find_pgvector(&mut client)?;
    Ok(client)
}

/// Puts the extension's schema on the path, if it is there: our own tables are always named
/// with theirs, the extension's types are not.
pub(super) fn find_pgvector(client: &mut Client) -> Result<(), Fault> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_may_show_a_password_are_not_used() {
        for good in [
            "postgres:///faces",
            "postgres://kian:p%40ss@db.example:5432,[::1]/faces?sslmode=disable",
            "postgres://kian@%2Frun%2Fpostgresql/faces?password=secret",
            "postgresql://kian@localhost/faces?keepalives_idle=5",
        ] {
            assert!(understood(good).is_some(), "{good}");
        }
        for bad in [
            "postgres://kian:p@ss@db/faces",
            "postgres://db/faces?password=p@ss",
            "postgres://kian:secret@db/faces&password=secret",
            "postgres://kian@db/faces?secret",
            "postgres://kian@db/faces?colour=secret",
            "postgres://kian:secret/faces",
        ] {
            assert!(understood(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_machine_that_has_gone_away_is_noticed() {
        let mut config = Config::new();
        complete(&mut config);
        assert_eq!(config.get_keepalives_idle(), KEEPALIVE_IDLE);
        assert_eq!(config.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
        let mut said = understood("postgres://db/x?keepalives_idle=5&tcp_user_timeout=7").unwrap();
        complete(&mut said);
        assert_eq!(said.get_keepalives_idle(), Duration::from_secs(5));
        assert_eq!(said.get_tcp_user_timeout(), Some(&Duration::from_secs(7)));
    }

    #[test]
    fn what_leaves_the_machine_is_noticed() {
        let local = |url: &str| {
            let mut config = url.parse().unwrap();
            complete(&mut config);
            is_local(&config)
        };
        assert!(local("postgres:///faces"));
        assert!(local("postgres://kian@localhost/faces"));
        assert!(local("postgres://127.0.0.1,[::1]/faces"));
        assert!(local("postgres://%2Frun%2Fpostgresql/faces"));
        assert!(!local("postgres://db.example/faces"));
        assert!(!local("postgres://localhost,db.example/faces"));
        assert!(!local("postgres://localhost/faces?hostaddr=192.0.2.1"));
        assert!(!local("postgres://192.0.2.1/faces"));
    }
}
