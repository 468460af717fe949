//! Arguments of `facenet watch`.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;

use super::{Admission, Faces, StoreChoice};

/// Recognize the people of each new photo in a folder, or of a stream; prints JSON lines.
///
/// With - for the folder, reads JPEG frames from standard input, such as those of `ffmpeg -i … -f
/// mjpeg -`, follows faces from frame to frame, and prints a line for each visit: when somebody
/// came and went, in how many frames they were seen, and who it was, by the mean of the best
/// frames. Stops at the end of the stream, or at Ctrl-C.
#[derive(Debug, Args)]
#[command(mut_arg("face", |face| face.default_value("all")))]
pub(crate) struct Watch {
    /// The folder; - for a stream from standard input
    pub(crate) folder: PathBuf,
    /// Also process photos that are in the folder already
    #[arg(long)]
    pub(crate) existing: bool,
    /// Milliseconds between two polls of the folder [default: 500]
    #[arg(long, value_name = "MS")]
    pub(crate) interval: Option<NonZeroUsize>,
    /// The stream is a film with so many frames a second: none is left out, and times count
    /// from its beginning [default: a camera, whose frames are left out if they come too fast]
    #[arg(long, value_name = "RATE", value_parser = rate)]
    pub(crate) film: Option<f64>,
    /// Command of the shell to run, once a visit, when somebody is recognized: it finds
    /// "$FACENET_PERSON", "$FACENET_DISTANCE", and "$FACENET_VISIT" with everything as JSON
    #[arg(long, value_name = "COMMAND")]
    pub(crate) on_known: Option<String>,
    /// The same when somebody is not recognized, who went or has been there for five seconds
    #[arg(long, value_name = "COMMAND")]
    pub(crate) on_stranger: Option<String>,
    /// Fewest frames of a stream in which a face has to be seen well to be decided about
    /// [default: 3]
    #[arg(long, value_name = "N")]
    pub(crate) least_frames: Option<NonZeroUsize>,
    /// Seconds without a face in a stream after which its visit is over [default: 2]
    #[arg(long, value_name = "SECONDS", value_parser = rate)]
    pub(crate) gone_after: Option<f64>,
    #[command(flatten)]
    pub(crate) store: StoreChoice,
    /// How many of the nearest people to list
    #[arg(long, value_name = "K", default_value = "2")]
    pub(crate) top: NonZeroUsize,
    #[command(flatten)]
    pub(crate) admission: Admission,
    #[command(flatten)]
    pub(crate) faces: Faces,
}

/// A positive number that is not out of all proportion.
fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.01..=10_000.0).contains(&rate) => Ok(rate),
        _ => Err("expected a number from 0.01 to 10000".into()),
    }
}
