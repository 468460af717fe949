//! Portraits in the public domain, for the demonstration and for tests (`README.md` says
//! where each is from), and the way to the reference data beside the repository.

#![forbid(unsafe_code)]

use std::env;
use std::path::{Path, PathBuf};

/// A portrait.
#[derive(Clone, Copy, Debug)]
pub struct Portrait {
    /// Who is on it.
    pub person: &'static str,
    /// Its file's name.
    pub file: &'static str,
    /// The JPEG file.
    pub bytes: &'static [u8],
}

macro_rules! portrait {
    ($person:literal, $file:literal) => {
        Portrait {
            person: $person,
            file: $file,
            bytes: include_bytes!(concat!("../photos/", $file)),
        }
    };
}

/// Three people, the first of them twice.
pub static PORTRAITS: [Portrait; 4] = [
    portrait!("Barack Obama", "obama-portrait.jpg"),
    portrait!("Barack Obama", "obama-speech.jpg"),
    portrait!("Joe Biden", "biden-portrait.jpg"),
    portrait!("Eileen Collins", "collins-portrait.jpg"),
];

/// The folder of the portraits in this source tree, for tests that read files.
pub fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/photos"))
}

/// `name` in the folder of reference data that some tests use: `FACENET_SHARED`, or `shared`
/// beside the repository. Says on standard error that it is not there, since the test is
/// skipped then.
#[allow(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn reference(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared");
    let folder = env::var_os("FACENET_SHARED").map_or_else(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: there is no folder {}", folder.display());
    None
}
