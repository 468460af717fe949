//! What `train-landmarks` and `train-visibility` share: their options and their progress.

use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use anyhow::Result;
use facenet::network::Architecture;
use facenet::weights::Weights;
use indicatif::ProgressBar;
use training::Budget;

/// Steps between two notes, and between two saves of the weights.
const NOTE_EVERY: u64 = 500;
/// Ticks of the progress bar: the budget may be steps or minutes.
const TICKS: u64 = 1000;
/// Share of the newest error in the smoothed one that is shown.
const SMOOTHING: f64 = 0.02;

/// Options of a small network's training.
#[derive(Debug, clap::Args)]
pub(crate) struct Training {
    /// Pack of face images with landmarks
    #[arg(long, value_name = "DIR")]
    pub(crate) data: PathBuf,
    /// Folder for the weights
    #[arg(long, short, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Folder of initial weights [default: random]
    #[arg(long, value_name = "DIR")]
    initial: Option<PathBuf>,
    /// Batches to train on
    #[arg(long, value_name = "N", default_value = "12000")]
    steps: NonZeroU64,
    /// Train for this many minutes instead
    #[arg(long, value_name = "M", conflicts_with = "steps", value_parser = minutes)]
    minutes: Option<f64>,
    /// Images per batch
    #[arg(long, value_name = "N", default_value = "64")]
    pub(crate) batch: NonZeroUsize,
    /// The highest learning rate
    #[arg(long, value_name = "RATE", default_value = "0.002")]
    pub(crate) learning_rate: f64,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value = "1")]
    pub(crate) seed: u64,
    /// Number of threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print the measurement as one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A number of minutes.
fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if minutes > 0.0 && minutes < 1e6 => Ok(minutes),
        _ => Err("expected a number of minutes above 0".into()),
    }
}

impl Training {
    /// Takes the chosen number of threads.
    pub(crate) fn set_threads(&self) -> Result<()> {
        if let Some(threads) = self.threads {
            rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
        }
        Ok(())
    }

    /// When to end.
    pub(crate) fn budget(&self) -> Budget {
        self.minutes.map_or(Budget::Steps(self.steps.get()), Budget::Minutes)
    }

    /// The weights to begin with, if there are any.
    pub(crate) fn initial(&self, architecture: Architecture) -> Result<Option<Weights>> {
        let read = |folder: &PathBuf| Weights::from_npy_folder_for(architecture, folder);
        Ok(self.initial.as_ref().map(read).transpose()?.map(|read| read.weights))
    }
}

/// A bar, and smoothed values every so often.
pub(crate) struct Progress {
    bar: ProgressBar,
    taken: u64,
    smoothed: Option<[f64; 2]>,
}

impl Progress {
    /// Of a training on so many images, with so many held out.
    pub(crate) fn new([images, held_out]: [usize; 2]) -> Self {
        eprintln!("{images} images to train on, {held_out} images of other people to measure on");
        Self { bar: ProgressBar::new(TICKS), taken: 0, smoothed: None }
    }

    /// Takes in a step; the smoothed values where it is time to note them.
    pub(crate) fn after(&mut self, step: u64, share: f64, values: [f64; 2]) -> Option<[f64; 2]> {
        self.bar.set_position((share * TICKS as f64) as u64);
        self.taken = step;
        let before = self.smoothed.unwrap_or(values);
        let smooth = |i: usize| before[i] + SMOOTHING * (values[i] - before[i]);
        self.smoothed = Some([smooth(0), smooth(1)]);
        self.smoothed.filter(|_| step.is_multiple_of(NOTE_EVERY))
    }

    /// Prints a line above the bar.
    pub(crate) fn note(&self, text: &str) {
        self.bar.suspend(|| eprintln!("{text}"));
    }

    /// Ends; returns how many steps were taken.
    pub(crate) fn finish(self, unreadable: u64) -> u64 {
        self.bar.finish_and_clear();
        if unreadable > 0 {
            eprintln!("warning: {unreadable} images could not be read");
        }
        self.taken
    }
}
