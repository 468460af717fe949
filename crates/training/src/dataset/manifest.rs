//! `pack.json`: how many images a pack has, how large they are and which part
//! of each is the face.

use std::path::Path;

use faces::Window;
use serde::Deserialize;

use super::error::abridged;
use super::{DatasetError, text_file};

/// The formats there are. The second may hold JPEG, WebP and PNG files; each says in its
/// first bytes which it is.
const FORMATS: [&str; 2] = ["jpeg-pack-1", "image-pack-2"];
/// Longest accepted `pack.json` in bytes; a real one has about 200.
const SIZE_LIMIT: u64 = 64 * 1024;
/// Longest side of an image.
const SIDE_LIMIT: u32 = 65_535;
/// How far a window may stick out of its canvas, in pixels: room for a file
/// whose numbers are rounded.
const TOLERANCE: f64 = 1e-3;

/// Content of `pack.json`, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Manifest {
    /// Number of images.
    pub images: usize,
    /// Width and height of every image, where they are all alike.
    pub canvas: Option<[u32; 2]>,
    /// The network's input on that canvas.
    pub window: Option<Window>,
}

#[derive(Deserialize)]
struct Format {
    format: String,
}

#[derive(Deserialize)]
struct Fields {
    images: usize,
    width: Option<u32>,
    height: Option<u32>,
    window: Option<Window>,
}

impl Manifest {
    /// Reads and checks the file.
    pub(super) fn read(path: &Path) -> Result<Self, DatasetError> {
        let text = text_file::read(path, SIZE_LIMIT)?;
        let fault = |source| DatasetError::Json { path: path.to_path_buf(), source };
        // The format first: another format may lack the other fields.
        let Format { format } = serde_json::from_str(&text).map_err(fault)?;
        if !FORMATS.contains(&&*format) {
            return Err(DatasetError::Format {
                path: path.to_path_buf(),
                expected: "jpeg-pack-1 or image-pack-2",
                found: abridged(&format),
            });
        }
        let fields: Fields = serde_json::from_str(&text).map_err(fault)?;
        let canvas = canvas(path, fields.width, fields.height)?;
        if let Some(window) = fields.window {
            check_window(path, window, canvas)?;
        }
        Ok(Self { images: fields.images, canvas, window: fields.window })
    }
}

fn canvas(
    path: &Path,
    width: Option<u32>,
    height: Option<u32>,
) -> Result<Option<[u32; 2]>, DatasetError> {
    let sides = 1..=SIDE_LIMIT;
    match (width, height) {
        (None, None) => Ok(None),
        (Some(w), Some(h)) if sides.contains(&w) && sides.contains(&h) => Ok(Some([w, h])),
        _ => {
            Err(DatasetError::Canvas { path: path.to_path_buf(), limit: SIDE_LIMIT, width, height })
        }
    }
}

/// A window without a canvas is held to the largest image there can be.
fn check_window(path: &Path, window: Window, canvas: Option<[u32; 2]>) -> Result<(), DatasetError> {
    let Window { x, y, width, height } = window;
    let fits = |start: f64, length: f64, side: u32| {
        length >= 1.0 && start >= -TOLERANCE && start + length <= f64::from(side) + TOLERANCE
    };
    let [w, h] = canvas.unwrap_or([SIDE_LIMIT; 2]);
    if fits(x, width, w) && fits(y, height, h) {
        return Ok(());
    }
    Err(DatasetError::WindowOutside { path: path.to_path_buf(), canvas, found: window })
}
