//! Files in rows of JSON, those that could not be processed among them.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// A file's path under a key of its row. One that is not in UTF-8 has its bytes beside it, in
/// base64 under `KEY_bytes`, since the text alone would not lead back to the file.
#[derive(Clone, Debug)]
pub struct PathRow {
    key: &'static str,
    path: PathBuf,
}

impl PathRow {
    /// The path under `file`, `probe` or `reference`.
    pub fn new(key: &'static str, path: impl Into<PathBuf>) -> Self {
        Self { key, path: path.into() }
    }
}

impl Serialize for PathRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.key, &self.path.to_string_lossy())?;
        if self.path.to_str().is_none() {
            let bytes = BASE64_STANDARD.encode(self.path.as_os_str().as_encoded_bytes());
            map.serialize_entry(&format!("{}_bytes", self.key), &bytes)?;
        }
        map.end()
    }
}

/// The row of a file that could not be processed.
#[derive(Debug, Serialize)]
pub struct ErrorRow {
    #[serde(flatten)]
    source: PathRow,
    error: String,
}

impl ErrorRow {
    /// For `detect` and `encode`, whose rows name a `file`.
    pub fn of_file(file: &Path, error: &dyn Display) -> Self {
        Self { source: PathRow::new("file", file), error: format!("{error:#}") }
    }

    /// For `recognize` and `watch`, whose rows name a `probe`.
    pub fn of_probe(probe: &Path, error: &dyn Display) -> Self {
        Self { source: PathRow::new("probe", probe), error: format!("{error:#}") }
    }
}
