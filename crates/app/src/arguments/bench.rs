//! Arguments of `facenet bench`.

use std::num::NonZeroUsize;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::ModelChoice;

/// Largest batch: a larger one is no faster per image and needs gigabytes.
const MAX_BATCH: usize = 4096;

/// Longest measurement.
const MAX_SECONDS: f64 = 3600.0;

/// Measure how fast the network runs on this machine.
///
/// Runs the network on random images; reads no photo and detects no face. Without
/// --batch and --threads it measures batches of 1, 8 and 32, with one thread and with
/// all.
///
/// It uses the fastest kernels that this machine supports; FACENET_KERNEL=avx512, avx2
/// or portable selects others, for every command.
#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Images per pass [default: 1, then 8, then 32]
    #[arg(long, value_name = "B", value_parser = batch, allow_negative_numbers = true)]
    pub(crate) batch: Option<NonZeroUsize>,
    /// Seconds per measurement, after a warm-up of a quarter of that
    #[arg(long, value_name = "S", default_value = "1", value_parser = seconds,
          allow_negative_numbers = true)]
    pub(crate) seconds: f64,
    /// Also print the time of each layer of a pass on one thread to stderr, compared
    /// with the measured peak of a core
    #[arg(long, env = "FACENET_PROFILE", value_parser = FalseyValueParser::new())]
    pub(crate) profile: bool,
    #[command(flatten)]
    pub(crate) model: ModelChoice,
    /// Print one JSON object per measurement
    #[arg(long)]
    pub(crate) json: bool,
}

fn batch(text: &str) -> Result<NonZeroUsize, String> {
    let count = text.parse::<NonZeroUsize>().ok().filter(|count| count.get() <= MAX_BATCH);
    count.ok_or_else(|| format!("expected a whole number from 1 to {MAX_BATCH}"))
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds = text.parse().ok().filter(|s| *s > 0.0 && *s <= MAX_SECONDS);
    seconds.ok_or_else(|| format!("expected a number above 0, at most {MAX_SECONDS}"))
}
