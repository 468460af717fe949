//! Runs the project's real programs for the end-to-end tests.
//!
//! The programs are built by the same cargo that runs the tests, in the same profile,
//! before the first one starts, so that no test runs a stale binary.

#![forbid(unsafe_code)]

/// The README's snippets are compiled like any other documentation.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub mod http;
pub mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fmt};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// A portrait of `assets/photos`.
pub fn portrait(name: &str) -> PathBuf {
    let path = root().join("assets/photos").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    path
}

/// The program `facenet`, in an environment without the user's settings.
pub fn facenet() -> Command {
    program("app", "facenet")
}

/// The program behind `cargo xtask`.
pub fn xtask() -> Command {
    program("xtask", "xtask")
}

fn program(package: &str, name: &str) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let folder = BUILT.get_or_init(build);
    let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
    assert!(path.is_file(), "{package} did not build {}", path.display());
    let mut command = Command::new(path);
    for variable in ["FACENET_WEIGHTS", "FACENET_PROFILE", "FACENET_DB"] {
        command.env_remove(variable);
    }
    command.stdin(Stdio::null());
    // As `cargo run` sets it.
    command.env("CARGO_MANIFEST_DIR", root().join(package));
    command
}

/// Builds both programs and returns the folder they are in.
fn build() -> PathBuf {
    // Tests are in TARGET/PROFILE/deps.
    let test = env::current_exe().unwrap_or_default();
    let Some(folder) = test.parent().and_then(Path::parent) else {
        panic!("{} is not in a target folder", test.display())
    };
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(profile) => profile,
    };
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--quiet", "--profile", profile, "--package", "app", "--package", "xtask"])
        .arg("--target-dir")
        .arg(folder.parent().unwrap_or(folder))
        .current_dir(root())
        .status();
    match built {
        Ok(status) if status.success() => folder.to_path_buf(),
        other => panic!("cargo build failed: {other:?}"),
    }
}

/// The exit code and the output of a program, for assertions.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

/// Runs the command to its end.
pub fn run(command: &mut Command) -> Ended {
    match command.output() {
        Ok(output) => Ended::from(&output),
        Err(error) => panic!("cannot run {command:?}: {error}"),
    }
}

impl From<&Output> for Ended {
    fn from(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        // Killed by a signal: no exit code.
        let code = output.status.code().unwrap_or(-1);
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Ended {
    /// Asserts the exit code and returns this again.
    #[track_caller]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// Asserts that the program printed one error line, which contains `words`.
    #[track_caller]
    pub fn with_error(self, words: &[&str]) -> Self {
        let lines: Vec<_> = self.stderr.lines().filter(|line| line.contains("error:")).collect();
        assert_eq!(lines.len(), 1, "expected one line of error\n{self}");
        for word in words {
            assert!(lines[0].contains(word), "{word:?} is not in the error\n{self}");
        }
        assert!(!self.stderr.contains("panicked"), "{self}");
        self
    }

    /// Every line of standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{self}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, stdout, stderr } = self;
        write!(f, "exit code {code}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
