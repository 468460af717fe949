//! The engines, and the commands that measure them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};

use super::rounds::Case;

/// Flags of rustc for the other engines in Rust. Ours is built for any machine of its
/// architecture.
pub(super) const PEER_FLAGS: &str = "-C target-cpu=native";

/// One engine.
#[derive(Clone, Debug)]
pub(super) struct Contender {
    pub(super) name: String,
    /// The program and its first arguments, without those of a measurement.
    command: Vec<OsString>,
    role: Role,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// `facenet`, which generates its own images.
    Ours,
    /// An engine that processes one batch after the other.
    Peer,
    /// An engine that processes several batches at once; measured only with batches above
    /// one, and without cold starts.
    Throughput,
}

/// Ours first, then the others that are installed.
pub(super) fn all(root: &Path, python: &Path, model: &Path) -> Result<Vec<Contender>> {
    let target = env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), PathBuf::from);
    let ours = build_ours(root, &target)?;
    let version = env!("CARGO_PKG_VERSION");
    let mut contenders = vec![Contender {
        name: format!("Happy House FaceNet {version}"),
        command: vec![ours.into()],
        role: Role::Ours,
    }];
    let mut add = |name: String, mut command: Vec<OsString>, role| {
        command.extend(["--model".into(), model.into()]);
        contenders.push(Contender { name, command, role });
    };
    for (name, module) in [("OpenVINO", "openvino"), ("ONNX Runtime", "onnxruntime")] {
        let Some(version) = python_version(python, module) else {
            skip(name, &format!("{} cannot import numpy and {module}", python.display()));
            continue;
        };
        let script = root.join(format!("xtask/peers/{module}_peer.py"));
        let command = vec![OsString::from(python), script.into()];
        let name = format!("{name} {version}");
        if module == "openvino" {
            let mut several = command.clone();
            several.extend(["--hint".into(), "throughput".into()]);
            add(format!("{name}, latency hint"), command, Role::Peer);
            add(format!("{name}, throughput hint"), several, Role::Throughput);
        } else {
            add(name, command, Role::Peer);
        }
    }
    let folder = root.join("xtask/peers/rust");
    match build_peers(&folder, &target.join("peers")) {
        Err(error) => skip("rten and tract", &format!("{error:#}")),
        Ok(built) => {
            let lock = fs::read_to_string(folder.join("Cargo.lock")).unwrap_or_default();
            for (name, package) in [("rten", "rten"), ("tract", "tract-onnx")] {
                let version = locked_version(&lock, package).unwrap_or("of unknown version");
                add(format!("{name} {version}"), vec![program(&built, name).into()], Role::Peer);
            }
        }
    }
    Ok(contenders)
}

fn skip(name: &str, why: &str) {
    eprintln!("skipped {name}: {why}");
}

/// Builds our release binary, as users have it.
fn build_ours(root: &Path, target: &Path) -> Result<PathBuf> {
    eprintln!("building facenet");
    let mut cargo = cargo(root, target);
    let status = cargo.args(["--package", "app"]).status().context("cannot run cargo")?;
    ensure!(status.success(), "facenet cannot be built");
    Ok(program(&target.join("release"), "facenet"))
}

/// Builds rten and tract and returns the folder that they are in.
fn build_peers(folder: &Path, target: &Path) -> Result<PathBuf> {
    eprintln!("building rten and tract; the first time this takes some minutes");
    let mut cargo = cargo(folder, target);
    let status = cargo.env("RUSTFLAGS", PEER_FLAGS).status().context("cannot run cargo")?;
    ensure!(status.success(), "rten and tract cannot be built");
    Ok(target.join("release"))
}

fn cargo(folder: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--release", "--locked", "--quiet", "--target-dir"]).arg(target);
    cargo.current_dir(folder).stdout(Stdio::null());
    cargo
}

fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

/// The version of a module of this Python, if it can be imported together with NumPy.
fn python_version(python: &Path, module: &str) -> Option<String> {
    let question = format!("import numpy, {module}; print({module}.__version__)");
    let answer = Command::new(python).args(["-c", &question]).output().ok()?;
    let version = String::from_utf8(answer.stdout).ok()?;
    // OpenVINO's version ends with the commit that it was built from.
    let version = version.trim().split('-').next()?.to_owned();
    (answer.status.success() && !version.is_empty()).then_some(version)
}

/// The version of a package in the text of a Cargo.lock.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name);
    lines.nth(1)?.strip_prefix("version = \"")?.strip_suffix('"')
}

impl Contender {
    pub(super) fn is_ours(&self) -> bool {
        self.role == Role::Ours
    }

    /// Whether it takes part in a case.
    pub(super) fn takes(&self, case: Case) -> bool {
        self.role != Role::Throughput || case.batch > 1
    }

    /// Whether its start is worth measuring.
    pub(super) fn starts_cold(&self) -> bool {
        self.role != Role::Throughput
    }

    /// The command that times passes. With 0 seconds it runs one pass, whose answer the other
    /// engines can write. They read their images from a file.
    pub(super) fn command(&self, case: Case, seconds: f64, images: &Path) -> Command {
        let mut command = self.bare();
        if self.is_ours() {
            command.args(["bench", "--json"]);
        } else {
            command.arg("--input").arg(images);
        }
        command.args(["--batch", &case.batch.to_string(), "--threads", &case.threads.to_string()]);
        command.args(["--seconds", &seconds.to_string()]);
        command
    }

    /// The command without arguments, in an environment without the user's settings.
    pub(super) fn bare(&self) -> Command {
        let mut command = Command::new(&self.command[0]);
        command.args(&self.command[1..]).stdin(Stdio::null());
        for variable in ["FACENET_KERNEL", "FACENET_PROFILE", "FACENET_WEIGHTS"] {
            command.env_remove(variable);
        }
        // Python must not write compiled files beside its scripts.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command
    }

    /// Our profile of one image on one thread, as `facenet bench --profile` prints it.
    pub(super) fn profile(&self, seconds: f64) -> Result<String> {
        let mut command = self.command(Case { threads: 1, batch: 1 }, seconds, Path::new(""));
        let ended = command.arg("--profile").output()?;
        ensure!(ended.status.success(), "{command:?} failed");
        Ok(String::from_utf8_lossy(&ended.stderr).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn versions_are_found_in_a_lock_file() {
        let lock = "[[package]]\nname = \"rten-base\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"rten\"\nversion = \"0.27.1\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "rten"), Some("0.27.1"));
        assert_eq!(locked_version(lock, "tract-onnx"), None);
    }
}
