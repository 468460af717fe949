//! Options of face detection, and the arguments of `facenet detect`.

use std::path::PathBuf;

use clap::Args;
use faces::{DecodeLimits, DetectionOptions, FaceChoice, FaceLocation, UnknownChoice};

/// Options of face detection.
#[derive(Debug, Args)]
pub(crate) struct Searching {
    /// Smallest face to find, as a share of the photo's shorter side, 0.01 to 1; half the
    /// share takes four times as long [default: 0.1]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    smallest_face: Option<f32>,
    /// Also find faces on their side or head; without, up to some 45 degrees: takes eight times as long
    #[arg(long)]
    rotations: bool,
    /// Read photos of up to so many million pixels; each takes 3 bytes of memory and more
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=4000))]
    megapixels: u32,
}

impl Searching {
    /// Bounds on photos.
    pub(crate) fn limits(&self) -> DecodeLimits {
        DecodeLimits::megapixels(self.megapixels)
    }

    /// The detector's options, for this choice among several faces.
    pub(crate) fn options(&self, choice: FaceChoice) -> DetectionOptions {
        let usual = DetectionOptions::from(choice);
        let smallest_face = self.smallest_face.unwrap_or(usual.smallest_face);
        DetectionOptions { smallest_face, rotations: self.rotations, ..usual }
    }
}

/// Which faces of a first and a second photo.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FaceChoices {
    first: FaceChoice,
    second: FaceChoice,
}

impl FaceChoices {
    /// One choice, for every photo.
    pub(super) fn of_one(text: &str) -> Result<Self, UnknownChoice> {
        let first = text.parse()?;
        Ok(Self { first, second: first })
    }

    /// One choice, or two with a comma between them.
    pub(super) fn of_two(text: &str) -> Result<Self, UnknownChoice> {
        match text.split_once(',') {
            Some((first, second)) => Ok(Self { first: first.parse()?, second: second.parse()? }),
            None => Self::of_one(text),
        }
    }
}

/// How faces are found and chosen in photos.
#[derive(Debug, Args)]
pub(crate) struct Faces {
    /// Which face to use if a photo has several: only (refuse several), largest,
    /// central, all, or an index from 0, largest first. Photos of a gallery must show
    /// one face each
    #[arg(long, value_name = "CHOICE", default_value = "only", value_parser = FaceChoices::of_one)]
    face: FaceChoices,
    /// The photo is a face crop: resize it without detection
    #[arg(long, conflicts_with = "face")]
    pub(crate) aligned: bool,
    #[command(flatten)]
    pub(crate) searching: Searching,
    /// Use a face even if it is too small, blurred, dark, bright, rotated or covered for a
    /// reliable comparison
    #[arg(long)]
    pub(crate) force: bool,
}

impl Faces {
    /// The location of the probe's faces.
    pub(crate) fn location(&self) -> FaceLocation {
        self.location_of(self.face.first)
    }

    /// The location of the second photo's faces: the second choice, or the only one.
    pub(crate) fn location_of_reference(&self) -> FaceLocation {
        self.location_of(self.face.second)
    }

    /// The location of the face that is enrolled, which has to be seen whole.
    pub(crate) fn location_to_enroll(&self) -> FaceLocation {
        match self.location() {
            FaceLocation::Detected(options) => {
                FaceLocation::Detected(DetectionOptions { to_enroll: true, ..options })
            }
            other => other,
        }
    }

    /// Bounds on photos.
    pub(crate) fn limits(&self) -> DecodeLimits {
        self.searching.limits()
    }

    /// The location in gallery photos, which show one person each: `--face` is for probes.
    pub(crate) fn location_in_gallery(&self) -> FaceLocation {
        self.location_of(FaceChoice::Only)
    }

    fn location_of(&self, choice: FaceChoice) -> FaceLocation {
        if self.aligned {
            return FaceLocation::WholeImage;
        }
        let options = self.searching.options(choice);
        FaceLocation::Detected(DetectionOptions { any_quality: self.force, ..options })
    }
}

/// How faces are found and chosen in labeled photos.
#[derive(Debug, Args)]
pub(crate) struct LabeledFaces {
    /// Which face to use if a photo has several: only, largest, central, all or an
    /// index
    #[arg(long, value_name = "CHOICE", default_value = "central")]
    face: FaceChoice,
    /// The photos are face crops: resize them without detection
    #[arg(long, conflicts_with_all = ["face", "smallest_face", "rotations"])]
    pub(crate) aligned: bool,
    #[command(flatten)]
    searching: Searching,
}

impl LabeledFaces {
    /// Bounds on photos.
    pub(crate) fn limits(&self) -> DecodeLimits {
        self.searching.limits()
    }

    /// The detector's options. A face of too low quality is a failure.
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

/// Find the faces of photos: boxes, landmarks and quality.
///
/// For a face that other commands refuse, it prints the measured value and its limit. A
/// warning means that an answer about the face may be wrong.
#[derive(Debug, Args)]
pub(crate) struct Detect {
    /// The photos; - for standard input
    #[arg(required = true, value_name = "PHOTO")]
    pub(crate) photos: Vec<PathBuf>,
    /// Draw boxes and landmarks into a PNG copy; with several photos, a folder of them
    #[arg(long, value_name = "OUT")]
    pub(crate) draw: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) searching: Searching,
    /// Print one JSON object per photo
    #[arg(long)]
    pub(crate) json: bool,
}
