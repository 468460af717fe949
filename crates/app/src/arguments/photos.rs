//! How photos are searched for faces, and the arguments of `detect`.

use std::path::PathBuf;

use clap::Args;
use faces::{DetectionOptions, FaceChoice};

/// How a photo is searched for faces.
#[derive(Debug, Args)]
pub(crate) struct Searching {
    /// Smallest face to look for, as a share of the photo's shorter side, 0.01 to 1; half
    /// of it takes four times as long [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    smallest_face: Option<f32>,
    /// Look for faces that lie on their side, too, up to 90 degrees: takes seven times as
    /// long
    #[arg(long)]
    rotations: bool,
}

impl Searching {
    /// As the detector knows it, for this choice among several faces.
    pub(crate) fn options(&self, choice: FaceChoice) -> DetectionOptions {
        let usual = DetectionOptions::from(choice);
        let smallest_face = self.smallest_face.unwrap_or(usual.smallest_face);
        DetectionOptions { smallest_face, rotations: self.rotations, ..usual }
    }
}

/// Which faces of pictures are compared whose people are known.
#[derive(Debug, Args)]
pub(crate) struct LabelledFaces {
    /// Which face counts where a photo has several: only, largest, central,
    /// all or an index
    #[arg(long, value_name = "CHOICE", default_value = "central")]
    face: FaceChoice,
    /// The pictures are face crops: no detection
    #[arg(long, conflicts_with_all = ["face", "smallest_face", "rotations"])]
    pub(crate) aligned: bool,
    #[command(flatten)]
    searching: Searching,
}

impl LabelledFaces {
    /// How faces are detected, if they are. What is too bad to be compared is a failure.
    pub(crate) fn detection(&self) -> DetectionOptions {
        self.searching.options(self.face)
    }
}

/// A share of the photo's shorter side.
fn share(text: &str) -> Result<f32, String> {
    match text.parse() {
        Ok(share) if (0.01..=1.0).contains(&share) => Ok(share),
        _ => Err("expected a number from 0.01 to 1".into()),
    }
}

/// Find the faces of photos: boxes, points, and how well each can be seen.
///
/// A face that other commands would refuse is told so, with the measured value and its
/// limit; a warning is something that may make an answer wrong.
#[derive(Debug, Args)]
pub(crate) struct Detect {
    /// The photos
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// Draw boxes and points into a copy, a PNG; with several photos a folder of them
    #[arg(long, value_name = "OUT")]
    pub(crate) draw: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) searching: Searching,
    /// Print one JSON object a photo
    #[arg(long)]
    pub(crate) json: bool,
}
