//! The address of a database: parsed, completed as libpq would, and whether a connection
//! to it stays on this machine.

use std::net::IpAddr;
use std::time::Duration;

use postgres::Config;
use postgres::config::Host;

use crate::password_file;

/// How long to wait for a connection, unless the address says so.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long sent data may stay unacknowledged; after how much silence, and how often, the
/// other side is probed.
const UNACKNOWLEDGED: Duration = Duration::from_secs(10);
const KEEPALIVE_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

/// The library's own default, which stands for an address without this option.
const DEFAULT_KEEPALIVE_IDLE: Duration = Duration::from_secs(2 * 60 * 60);

/// Parses an address. Nothing if its parts are not what they seem: a password with an
/// unescaped `@` leaves a part of itself in the host, which would be looked up in the
/// network, and one with `?` in the user.
pub(crate) fn parse(url: &str) -> Option<Config> {
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

/// Fills in what libpq would.
pub(crate) fn complete(config: &mut Config) {
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    if config.get_password().is_none()
        && let Some(password) = std::env::var_os("PGPASSWORD")
    {
        config.password(password.as_encoded_bytes());
    }
    if config.get_password().is_none()
        && let Some(password) = password_file::find(config)
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // A machine that is gone is noticed: by data that it does not acknowledge, and by probes
    // that it does not answer.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
    if config.get_keepalives_idle() == DEFAULT_KEEPALIVE_IDLE {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_application_name().is_none() {
        config.application_name("facenet");
    }
}

/// Whether the connection stays on this machine.
pub(crate) fn is_local(config: &Config) -> bool {
    let host = |host: &Host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    match config.get_hostaddrs() {
        // If there are addresses, these are used and not the names.
        [] => config.get_hosts().iter().all(host),
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
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
            assert!(parse(good).is_some(), "{good}");
        }
        for bad in [
            "postgres://kian:p@ss@db/faces",
            "postgres://db/faces?password=p@ss",
            "postgres://kian:secret@db/faces&password=secret",
            "postgres://kian@db/faces?secret",
            "postgres://kian@db/faces?color=secret",
            "postgres://kian:secret/faces",
        ] {
            assert!(parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_machine_that_is_gone_is_noticed() {
        let mut config = Config::new();
        complete(&mut config);
        assert_eq!(config.get_keepalives_idle(), KEEPALIVE_IDLE);
        assert_eq!(config.get_tcp_user_timeout(), Some(&UNACKNOWLEDGED));
        let mut given = parse("postgres://db/x?keepalives_idle=5&tcp_user_timeout=7").unwrap();
        complete(&mut given);
        assert_eq!(given.get_keepalives_idle(), Duration::from_secs(5));
        assert_eq!(given.get_tcp_user_timeout(), Some(&Duration::from_secs(7)));
    }

    #[test]
    fn connections_to_other_machines_are_recognized() {
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
