//! `train-landmarks`: trains the network that finds eyes, nose and mouth.

use std::io::{self, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;

use anyhow::Result;
use facenet::network::Architecture;
use facenet::weights::Weights;
use indicatif::ProgressBar;
use serde_json::{Value, json};
use training::Budget;
use training::dataset::Pack;
use training::landmarks::{LandmarkError, LandmarkMeasure, LandmarkOptions, LandmarkTrainer};

/// Steps between two notes, and between two saves of the weights.
const NOTE_EVERY: u64 = 500;
/// Ticks of the progress bar: the budget may be steps or minutes.
const TICKS: u64 = 1000;
/// Share of the newest error in the smoothed one that is shown.
const SMOOTHING: f64 = 0.02;

/// Train the network that finds eyes, nose and mouth.
///
/// The program embeds its weights; this command trains them again from a pack of face
/// images with landmarks.npy. Build with --release: `cargo run --release -p xtask --
/// train-landmarks`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Pack of face images with landmarks
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder for the weights
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
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
    batch: NonZeroUsize,
    /// The highest learning rate
    #[arg(long, value_name = "RATE", default_value = "0.002")]
    learning_rate: f64,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Number of threads [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Print the measurement as one JSON object
    #[arg(long)]
    json: bool,
}

/// A number of minutes.
fn minutes(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(minutes) if minutes > 0.0 && minutes < 1e6 => Ok(minutes),
        _ => Err("expected a number of minutes above 0".into()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { data, output: folder, steps, minutes, batch, learning_rate, seed, .. } =
        arguments;
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    let budget = minutes.map_or(Budget::Steps(steps.get()), Budget::Minutes);
    let options = LandmarkOptions {
        budget,
        batch: batch.get(),
        learning_rate: *learning_rate,
        seed: *seed,
        ..LandmarkOptions::default()
    };
    let initial = match &arguments.initial {
        Some(folder) => {
            Some(Weights::from_npy_folder_for(Architecture::Landmarks, folder)?.weights)
        }
        None => None,
    };
    let mut trainer = LandmarkTrainer::new(Pack::open(data)?, initial.as_ref(), options)?;
    let [images, held_out] = trainer.images();
    eprintln!("{images} images to train on, {held_out} images of other people to measure on");
    let bar = ProgressBar::new(TICKS);
    let mut taken = 0;
    let (mut landmarks, mut scores) = (None, None);
    while trainer.progress() < 1.0 {
        let step = trainer.step()?;
        bar.set_position((trainer.progress() * TICKS as f64) as u64);
        taken = step.step;
        smooth(&mut landmarks, step.points);
        smooth(&mut scores, step.scores);
        if step.step % NOTE_EVERY == 0
            && let (Some(landmarks), Some(scores)) = (landmarks, scores)
        {
            bar.suspend(|| {
                eprintln!(
                    "step {}: landmark error {landmarks:.4} eye distances, score loss {scores:.4}",
                    step.step
                );
            });
            trainer.weights()?.save_npy_folder(folder)?;
        }
    }
    bar.finish_and_clear();
    if trainer.unreadable() > 0 {
        eprintln!("warning: {} images could not be read", trainer.unreadable());
    }
    trainer.weights()?.save_npy_folder(folder)?;
    let measure = trainer.measure()?;
    let mut output = io::stdout().lock();
    if arguments.json {
        let summary = json!({
            "steps": taken,
            "weights": folder.display().to_string(),
            "upright": error(&measure.upright),
            "rotated": error(&measure.rolled),
            "faces_accepted": measure.faces_accepted,
            "others_refused": measure.others_refused,
        });
        writeln!(output, "{summary}")?;
    } else {
        print(&measure, taken, &mut output)?;
        writeln!(output, "weights in {}", folder.display())?;
    }
    Ok(())
}

fn smooth(mean: &mut Option<f64>, value: f64) {
    let before = mean.unwrap_or(value);
    *mean = Some(before + SMOOTHING * (value - before));
}

fn error(error: &LandmarkError) -> Value {
    let LandmarkError { faces, mean, median, percentile_95 } = error;
    json!({ "faces": faces, "mean": mean, "median": median, "percentile_95": percentile_95 })
}

fn print(measure: &LandmarkMeasure, steps: u64, output: &mut impl Write) -> io::Result<()> {
    let LandmarkMeasure { upright, rolled, faces_accepted, others_refused } = measure;
    writeln!(output, "{steps} steps. Error on held-out people, in eye distances:")?;
    for (name, error) in [("upright", upright), ("rotated up to 45°", rolled)] {
        let LandmarkError { faces, mean, median, percentile_95 } = error;
        writeln!(
            output,
            "{name:<18} mean {mean:.4}, median {median:.4}, 95 % below {percentile_95:.4} \
             ({faces} faces)"
        )?;
    }
    let percent = |share: f64| 100.0 * share;
    writeln!(output, "faces accepted     {:.2} %", percent(*faces_accepted))?;
    writeln!(output, "others rejected    {:.2} %", percent(*others_refused))?;
    Ok(())
}
