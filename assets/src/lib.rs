//! Portraits in the public domain, for the demonstration and for tests (`README.md` says
//! where each is from).

#![forbid(unsafe_code)]

use std::path::Path;

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
