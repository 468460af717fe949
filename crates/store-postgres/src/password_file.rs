//! Passwords of databases in the file that libpq reads, too: `~/.pgpass`.

use std::path::{Path, PathBuf};

use postgres::Config;
use postgres::config::Host;

/// The connection whose password is looked for.
#[derive(Clone, Copy, Debug)]
struct Login<'c> {
    host: &'c str,
    port: &'c str,
    database: &'c str,
    user: &'c str,
}

/// The password of the file for this connection. A file that others can read counts as none,
/// as it does for libpq.
pub(crate) fn find(config: &Config) -> Option<String> {
    let path = path()?;
    if !is_private(&path) {
        return None;
    }
    let text = std::fs::read_to_string(path).ok()?;
    let user = config.get_user().map(str::to_owned).or_else(|| std::env::var("USER").ok())?;
    let port = config.get_ports().first().copied().unwrap_or(5432).to_string();
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(folder)) => folder.display().to_string(),
        None => "localhost".to_owned(),
    };
    let database = config.get_dbname().unwrap_or(&user);
    lookup(&text, Login { host: &host, port: &port, database, user: &user })
}

fn path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("PGPASSFILE") {
        return Some(path.into());
    }
    match cfg!(windows) {
        true => Some(Path::new(&std::env::var_os("APPDATA")?).join("postgresql/pgpass.conf")),
        false => Some(Path::new(&std::env::var_os("HOME")?).join(".pgpass")),
    }
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path)
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o077 == 0)
}

#[cfg(not(unix))]
fn is_private(path: &Path) -> bool {
    path.is_file()
}

/// The password of the first line for this login.
fn lookup(text: &str, login: Login<'_>) -> Option<String> {
    let Login { host, port, database, user } = login;
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let (password, names) = fields.split_last()?;
        let wanted = [host, port, database, user];
        let is_match = names.len() == wanted.len()
            && names.iter().zip(wanted).all(|(name, wanted)| name == "*" || name == wanted);
        is_match.then(|| password.clone())
    })
}

/// The five fields of a line, with `\:` and `\\` read as what they stand for.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            // A colon in the password needs no escape.
            ':' if fields.len() < 5 => fields.push(String::new()),
            '\\' => fields.last_mut().into_iter().for_each(|field| field.extend(letters.next())),
            letter => fields.last_mut().into_iter().for_each(|field| field.push(letter)),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# door\ndb.example:5432:faces:kian:first\n\
                        *:*:faces:joe\\:1:a\\:b\\\\c:d\n/run/postgresql:*:*:kian:socket\n\
                        short:line\n*:*:*:kian:last\n";

    #[test]
    fn the_first_line_for_the_login_has_the_password() {
        let of = |host, port, database, user| lookup(FILE, Login { host, port, database, user });
        let found = |text: &str| Some(text.to_owned());
        assert_eq!(of("db.example", "5432", "faces", "kian"), found("first"));
        assert_eq!(of("db.example", "5433", "faces", "kian"), found("last"));
        assert_eq!(of("db.example", "1", "faces", "joe:1"), found("a:b\\c:d"));
        assert_eq!(of("/run/postgresql", "5432", "x", "kian"), found("socket"));
        assert_eq!(of("db.example", "5432", "faces", "younes"), None);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_is_none() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, FILE).unwrap();
        for (mode, private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false)] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_private(&path), private, "{mode:o}");
        }
    }
}
