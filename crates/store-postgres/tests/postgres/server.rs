//! A PostgreSQL server in a temporary directory, reached by a socket there.
//!
//! The programs are those in `FACENET_TEST_POSTGRES`, in `PATH`, or where Debian and
//! others install them. PostgreSQL refuses to run as root; then it runs as `nobody`.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use postgres::{Client, Config, NoTls};
use store::PostgresAddress;
use tempfile::TempDir;

/// The user and group `nobody` of Debian.
const NOBODY: u32 = 65534;

const BIN: &str = "FACENET_TEST_POSTGRES";

static RUNNING: Mutex<Weak<Server>> = Mutex::new(Weak::new());

pub(crate) struct Server {
    bin: PathBuf,
    directory: TempDir,
    databases: AtomicUsize,
}

impl Server {
    /// The server that tests of this process share; nothing, with a message, where none is
    /// installed.
    pub(crate) fn shared() -> Option<Arc<Self>> {
        let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = running.upgrade() {
            return Some(server);
        }
        let server = Arc::new(Self::alone()?);
        *running = Arc::downgrade(&server);
        Some(server)
    }

    /// A server that no other test uses.
    pub(crate) fn alone() -> Option<Self> {
        let bin = programs();
        if bin.is_none() {
            test_support::skipped(format_args!(
                "no PostgreSQL is installed; {BIN} may name its folder `bin`"
            ));
        }
        bin.map(Self::start)
    }

    fn start(bin: PathBuf) -> Self {
        let directory = tempfile::tempdir().unwrap();
        if fs::metadata(directory.path()).unwrap().uid() == 0 {
            chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let server = Self { bin, directory, databases: AtomicUsize::new(0) };
        let options = "--auth=trust --username=kian --encoding=UTF8 --locale=C --no-sync";
        server.run("initdb", &options.split(' ').collect::<Vec<_>>());
        server.run("pg_ctl", &["start", "-w", "-l", "log", "-o", &server.options()]);
        server
    }

    fn options(&self) -> String {
        format!("-k {} -c listen_addresses= -c fsync=off", self.directory.path().display())
    }

    /// Stops it like a crash, and starts it again.
    pub(crate) fn restart(&self) {
        self.run("pg_ctl", &["stop", "-w", "-m", "immediate"]);
        self.run("pg_ctl", &["start", "-w", "-l", "log", "-o", &self.options()]);
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command
            .args(arguments)
            .env("PGDATA", self.data())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let owner = fs::metadata(self.directory.path()).unwrap().uid();
        if owner == NOBODY {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let status = self.command(program, arguments).status().unwrap();
        let log = fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        assert!(status.success(), "{program} {arguments:?}: {log}");
    }

    /// The directory with its tables.
    pub(crate) fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A new database.
    pub(crate) fn database(&self) -> Fresh {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let mut client = self.connect("postgres");
        client.batch_execute(&format!("CREATE DATABASE {name} ENCODING 'UTF8'")).unwrap();
        let socket = self.directory.path().to_str().unwrap().replace('/', "%2F");
        Fresh { url: format!("postgres://kian:secret@{socket}/{name}"), name }
    }

    /// A connection to one of its databases.
    pub(crate) fn connect(&self, name: &str) -> Client {
        let socket: &Path = self.directory.path();
        Config::new().host_path(socket).user("kian").dbname(name).connect(NoTls).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its directory is removed next, so nothing has to be done if this fails.
        let _ = self.command("pg_ctl", &["stop", "-w", "-m", "immediate"]).status();
    }
}

/// A database in which nobody is enrolled.
pub(crate) struct Fresh {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Fresh {
    pub(crate) fn address(&self) -> PostgresAddress {
        crate::parsed(&self.url)
    }
}

/// The directory of the newest programs.
fn programs() -> Option<PathBuf> {
    if let Some(bin) = std::env::var_os(BIN) {
        return Some(bin.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut directories: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr"];
    let mut found: Vec<(u32, PathBuf)> = versions
        .iter()
        .filter_map(|parent| fs::read_dir(parent).ok())
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let version = name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    found.sort();
    directories.extend(found.into_iter().rev().map(|(_, directory)| directory));
    directories.into_iter().find(|directory| directory.join("initdb").is_file())
}
