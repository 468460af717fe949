//! Arguments of `facenet bench`.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::ModelChoice;

/// Pictures in a pass: beyond this a pass says nothing new and needs gigabytes.
const MOST_PICTURES: usize = 4096;

/// Seconds of one measurement.
const MOST_SECONDS: f64 = 3600.0;

/// Measure how fast the network runs on this machine.
///
/// Random pictures go through the network again and again; no photo is read and no
/// face detected. Without --batch and --threads: batches of 1, 8 and 32, with one
/// thread and with all.
///
/// The kernels are the best that this machine has; FACENET_KERNEL=avx512, avx2 or
/// portable selects others, for every command.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Pictures in a pass [default: 1, then 8, then 32]
    #[arg(long, value_name = "B", value_parser = pictures, allow_negative_numbers = true)]
    pub(crate) batch: Option<NonZeroUsize>,
    /// Seconds of each measurement, after a quarter of it to warm up
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds,
          allow_negative_numbers = true)]
    pub(crate) seconds: f64,
    /// Then print to stderr where a pass on one thread spends its time, layer by
    /// layer, against the measured peak of a core
    #[arg(long, env = "FACENET_PROFILE", value_parser = FalseyValueParser::new())]
    pub(crate) profile: bool,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print a JSON object for each measurement
    #[arg(long)]
    pub(crate) json: bool,
}

fn pictures(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MOST_PICTURES);
    count.ok_or_else(|| format!("expected a whole number from 1 to {MOST_PICTURES}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|s| *s > 0.0 && *s <= MOST_SECONDS);
    seconds.ok_or_else(|| format!("expected a number above 0, at most {MOST_SECONDS}"))
}
