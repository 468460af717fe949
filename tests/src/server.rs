//! Runs the real server in a temporary folder, on a free port.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::http::{Answer, Client, Request};
use crate::{facenet, portrait};

/// A running server, which is killed on drop.
#[derive(Debug)]
pub struct TestServer {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

impl TestServer {
    /// Starts a server without enrolled people.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, |_| ())
    }

    /// Starts a server after `prepare` has changed its command.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start_with(arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let log = std::fs::File::create(folder.path().join("log"));
        let log = log.unwrap_or_else(|error| panic!("{error}"));
        let mut command = facenet();
        command.args(["serve", "--listen", "127.0.0.1:0", "--db"]);
        command.arg(folder.path().join("people.redb")).args(arguments);
        command.env_remove("FACENET_TOKEN").env_remove("FACENET_DOOR_TOKEN");
        command.stdout(Stdio::piped()).stderr(log);
        prepare(&mut command);
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{error}"));
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            let _ = BufReader::new(out).read_line(&mut line);
        }
        let address = line.trim().rsplit("http://").next().map(|at| at.trim_end_matches('/'));
        match address.and_then(|address| address.parse().ok()) {
            Some(address) => Self { child, address, folder },
            None => {
                let _ = child.wait();
                panic!("the server said {line:?}: {}", read(folder.path().join("log")))
            }
        }
    }

    /// Starts a server and enrolls Barack Obama and Joe Biden.
    ///
    /// # Panics
    /// When it does not start.
    pub fn with_people(arguments: &[&str]) -> Self {
        let server = Self::start(arguments);
        for (name, photo) in [("barack", "obama-portrait.jpg"), ("joe", "biden-portrait.jpg")] {
            let path = format!("/v1/people?name={name}");
            server.ask(&Request::post(&path, bytes(photo))).with_status(201);
        }
        server
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The path of its store.
    pub fn store(&self) -> PathBuf {
        self.folder.path().join("people.redb")
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its log so far.
    pub fn log(&self) -> String {
        read(self.folder.path().join("log"))
    }

    /// Opens a new connection.
    ///
    /// # Panics
    /// When it does not listen.
    pub fn client(&self) -> Client {
        Client::connect(self.address).unwrap_or_else(|error| panic!("{error}: {}", self.log()))
    }

    /// Sends one request over a new connection.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn ask(&self, request: &Request) -> Answer {
        match self.client().send(request) {
            Ok(answer) => answer,
            Err(error) => panic!("{error}: {}", self.log()),
        }
    }

    /// Its resident memory in MiB. None, with a notice, where the platform has no `/proc`.
    ///
    /// # Panics
    /// When `/proc` does not tell it.
    pub fn memory(&self) -> Option<f64> {
        if !cfg!(target_os = "linux") {
            test_support::skipped(
                "this platform has no /proc, which tells how much memory is used",
            );
            return None;
        }
        let path = format!("/proc/{}/status", self.id());
        let status = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
        let size = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let size = size.and_then(|size| size.split_whitespace().next()?.parse::<f64>().ok());
        Some(size.unwrap_or_else(|| panic!("{path} has no VmRSS:\n{status}")) / 1024.0)
    }

    /// Sends SIGTERM and waits; returns the exit code and the log.
    ///
    /// # Panics
    /// When the signal cannot be sent.
    pub fn end(mut self) -> (Option<i32>, String) {
        let id = self.id().to_string();
        let signaled = Command::new("kill").args(["-TERM", &id]).status();
        assert!(signaled.is_ok_and(|status| status.success()), "cannot end {id}");
        let code = self.child.wait().ok().and_then(|status| status.code());
        (code, self.log())
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a portrait.
///
/// # Panics
/// When it cannot be read.
pub fn bytes(photo: &str) -> Vec<u8> {
    std::fs::read(portrait(photo)).unwrap_or_else(|error| panic!("{photo}: {error}"))
}

fn read(path: PathBuf) -> String {
    let mut text = String::new();
    if let Ok(mut file) = std::fs::File::open(path) {
        let _ = file.read_to_string(&mut text);
    }
    text
}
