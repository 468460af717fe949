//! The calibration file: JSON, of a stated version, for people as for programs.
//!
//! ```text
//! {
//!   "format": "facenet-calibration",
//!   "version": 1,
//!   "about": { "variant", "weights_sha256", "looks", "created", "data", "faces", "pairing",
//!              "images", "people", "failures" },
//!   "default": { "fmr", "prior" },
//!   "genuine", "impostor": pairs of one person and of two,
//!   "operating_points": [ { "fmr", "threshold", … }, … ]        to be read by people
//!   "curve": { "intercept", "slope", "covariance", "bounds", "cllr", "cllr_min" },
//!   "columns": [ names of the table's columns ],
//!   "table": [ [threshold, false matches, FMR's interval, false non-matches,
//!               FNMR's interval], … ]                             one row a line
//! }
//! ```
//!
//! Rates are counts by totals, and so exact. `operating_points` follow from the table
//! and are not read back.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::Path;

use facenet::bounded_file::{self, FileError};
use serde::{Deserialize, Serialize};

use super::document::{Document, InvalidField};
use super::{About, Calibration, CalibrationError, CalibrationOptions, ProbabilityCurve};
use crate::RateEstimate;

/// Name of the file's format.
const FORMAT: &str = "facenet-calibration";
/// The only form so far.
const VERSION: u32 = 1;
/// Longest file in bytes; a real one has about 100,000.
const SIZE_LIMIT: u64 = 4 * 1024 * 1024;
/// The rates that people ask for.
const TARGETS: [f64; 6] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];
/// The table's columns, in their order.
const COLUMNS: [&str; 7] = [
    "threshold",
    "false_matches",
    "fmr_low",
    "fmr_high",
    "false_non_matches",
    "fnmr_low",
    "fnmr_high",
];

/// Read before all else, so that a later version is recognized by its number and not by
/// the first field that changed.
#[derive(Deserialize)]
struct Heading {
    format: String,
    version: u32,
}

/// The part before the table.
#[derive(Serialize)]
struct Head<'a> {
    format: &'static str,
    version: u32,
    about: &'a About,
    default: CalibrationOptions,
    genuine: u64,
    impostor: u64,
    operating_points: Vec<Point>,
    curve: &'a ProbabilityCurve,
    columns: [&'static str; 7],
}

/// A threshold that people ask for.
#[derive(Serialize)]
struct Point {
    target_fmr: f64,
    threshold: f32,
    fmr: RateEstimate,
    fnmr: RateEstimate,
}

impl Calibration {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, is no calibration or one of another version, or says
    /// what cannot be: with the field and what was expected and found.
    pub fn read(path: &Path) -> Result<Self, CalibrationError> {
        let bytes = bounded_file::read(path, SIZE_LIMIT)?;
        let text = String::from_utf8(bytes).map_err(|error| {
            FileError::read(path, io::Error::new(io::ErrorKind::InvalidData, error))
        })?;
        Self::parse(&text, path)
    }

    /// Parses `text`; `path` is for messages only.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(text: &str, path: &Path) -> Result<Self, CalibrationError> {
        let json = |source| CalibrationError::Json { path: path.to_path_buf(), source };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let Heading { format, version } = serde_json::from_str(text).map_err(json)?;
        if format != FORMAT {
            let path = path.to_path_buf();
            return Err(CalibrationError::Format { path, expected: FORMAT, found: format });
        }
        if version != VERSION {
            let path = path.to_path_buf();
            return Err(CalibrationError::Version { path, expected: VERSION, found: version });
        }
        let document: Document = serde_json::from_str(text).map_err(json)?;
        document.checked().map_err(|InvalidField { field, expected, found }| {
            let path = path.to_path_buf();
            CalibrationError::Field { path, field, expected, found }
        })
    }

    /// The file's text. The same calibration gives the same text.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let points = TARGETS.iter().filter_map(|&target| {
            let point = self.at_fmr(target).ok()?;
            let [fmr, fnmr] = [point.fmr, point.fnmr].map(RateEstimate::rounded);
            Some(Point { target_fmr: target, threshold: point.threshold.distance(), fmr, fnmr })
        });
        let head = Head {
            format: FORMAT,
            version: VERSION,
            about: &self.about,
            default: self.options,
            genuine: self.table.genuine,
            impostor: self.table.impostor,
            operating_points: points.collect(),
            curve: &self.curve,
            columns: COLUMNS,
        };
        let mut text = serde_json::to_string_pretty(&head)?;
        text.truncate(text.trim_end_matches(['\n', '}']).len());
        text.push_str(",\n  \"table\": [");
        for (i, row) in self.table.rows.iter().enumerate() {
            let [fmr, fnmr] = [row.fmr, row.fnmr].map(RateEstimate::rounded);
            let (matches, non_matches) = (row.false_matches, row.false_non_matches);
            let cells = (
                row.threshold.distance(),
                matches,
                fmr.low,
                fmr.high,
                non_matches,
                fnmr.low,
                fnmr.high,
            );
            let separator = if i == 0 { "\n    " } else { ",\n    " };
            // Writing to a string cannot fail.
            let _ = write!(text, "{separator}{}", serde_json::to_string(&cells)?);
        }
        text.push_str("\n  ]\n}\n");
        Ok(text)
    }

    /// Writes the file: beside its place first, so that a run that fails leaves what
    /// was there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CalibrationError> {
        let fault = |source| CalibrationError::Write { path: path.to_path_buf(), source };
        let text = self.to_json().map_err(|error| fault(error.into()))?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let mut builder = tempfile::Builder::new();
        // It holds nothing private: as open as the user's other files.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        let mut file = builder.tempfile_in(folder).map_err(fault)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
        written.map_err(fault)?;
        file.persist(path).map_err(|error| fault(error.error))?;
        Ok(())
    }
}
