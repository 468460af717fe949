//! `train-detector`: trains the network that finds faces.

mod watcher;

use std::io::{self, Write};
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use facenet::network::Architecture;
use facenet::weights::Weights;
use training::detector::{DetectorOptions, DetectorTrainer, Pictures, draw_scenes};
use training::{Budget, Checkpoint, Interval, OptimizerOptions, Outcome, RunOptions};
use watcher::{Watcher, table};

/// Train the network that finds faces.
///
/// The program embeds its weights; this command trains them again from packs of pictures with
/// all their faces (docs/training.md says how to make one). Ctrl-C saves a checkpoint, with
/// which --resume goes on. Build with --release.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Pack of pictures with faces.npy; may be given more than once
    #[arg(long, value_name = "DIR", required = true)]
    data: Vec<PathBuf>,
    /// Folder for weights and checkpoints
    #[arg(long, short, value_name = "DIR")]
    output: PathBuf,
    /// Folder of initial weights [default: random]
    #[arg(long, value_name = "DIR")]
    initial: Option<PathBuf>,
    /// Go on from the last checkpoint in the output folder; of the other options only those
    /// of the budget and of the measurement count
    #[arg(long, conflicts_with = "initial")]
    resume: bool,
    /// Batches to train on
    #[arg(long, value_name = "N")]
    steps: Option<NonZeroU64>,
    /// Train for this many minutes instead
    #[arg(long, value_name = "M", conflicts_with = "steps", value_parser = minutes)]
    minutes: Option<f64>,
    /// Scenes per batch [default: 16]
    #[arg(long, value_name = "N")]
    batch: Option<NonZeroUsize>,
    /// Width and height of a scene in pixels [default: 256]
    #[arg(long, value_name = "N")]
    side: Option<usize>,
    /// adamw or muon
    #[arg(long, value_name = "NAME", default_value = "adamw", value_parser = ["adamw", "muon"])]
    optimizer: String,
    /// The highest learning rate [default: 0.003]
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Pull of kernels toward zero [default: 0.001]
    #[arg(long, value_name = "RATE")]
    weight_decay: Option<f64>,
    /// The part of the weights' moving average that a step keeps [default: 0.998]
    #[arg(long, value_name = "SHARE")]
    average_decay: Option<f64>,
    /// Weight of the boxes' loss [default: 2]
    #[arg(long, value_name = "W")]
    box_weight: Option<f64>,
    /// Weight of the landmarks' loss [default: 0.2]
    #[arg(long, value_name = "W")]
    landmark_weight: Option<f64>,
    /// Seed of all random numbers
    #[arg(long, value_name = "N", default_value = "1")]
    seed: u64,
    /// Number of threads of the network [default: all cores]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// Number of threads that make scenes
    #[arg(long, value_name = "N", default_value = "2")]
    loading_threads: NonZeroUsize,
    /// Held-out pictures of each kind of scene to measure on
    #[arg(long, value_name = "N", default_value = "300")]
    measured: NonZeroUsize,
    /// Minutes from one measurement on held-out pictures to the next
    #[arg(long, value_name = "M", default_value = "20", value_parser = minutes)]
    measure_every: f64,
    /// Write this many scenes as scenes.png into the output folder, and end
    #[arg(long, value_name = "N")]
    draw: Option<NonZeroUsize>,
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
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    let pictures = Arc::new(Pictures::open(&arguments.data)?);
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot make the folder {}", arguments.output.display()))?;
    if let Some(count) = arguments.draw {
        let file = arguments.output.join("scenes.png");
        let side = options(arguments).side;
        draw_scenes(&pictures, side, arguments.seed, count.get(), &file)?;
        eprintln!("{} scenes in {}", count, file.display());
        return Ok(());
    }
    let [checkpoints, weights] = ["checkpoints", "weights"].map(|name| arguments.output.join(name));
    let mut trainer = trainer(arguments, pictures, &checkpoints)?;
    for (what, [faces, grounds]) in
        [("to train on", trainer.pictures()), ("to measure on", trainer.held_out())]
    {
        eprintln!("{what}: {faces} pictures with faces, {grounds} without");
    }
    let minutes = |minutes: f64| Interval::Time(Duration::from_secs_f64(60.0 * minutes));
    let run_options = RunOptions {
        loading_threads: arguments.loading_threads.get(),
        measure: Some(minutes(arguments.measure_every)),
        checkpoint: Some(minutes(3.0)),
        folder: Some(checkpoints),
    };
    let stop = stop_on_interrupt()?;
    let mut watcher = Watcher::new();
    let outcome = trainer.run(&run_options, arguments.measured.get(), &stop, &mut |event| {
        watcher.watch(&event);
    })?;
    trainer.weights()?.save_npy_folder(&weights)?;
    report_skipped(&trainer);
    let measure = match (outcome, watcher.measure) {
        (Outcome::Finished, Some(measure)) => measure,
        _ => trainer.measure(arguments.measured.get()),
    };
    let mut output = io::stdout().lock();
    if arguments.json {
        let mut summary = serde_json::to_value(&measure)?;
        summary["steps"] = trainer.step().into();
        summary["weights"] = weights.display().to_string().into();
        writeln!(output, "{summary}")?;
    } else {
        write!(output, "{}", table(&measure))?;
        writeln!(output, "{} steps, weights in {}", trainer.step(), weights.display())?;
    }
    Ok(())
}

/// A new training, or one that continues from the last checkpoint.
fn trainer(
    arguments: &Arguments,
    pictures: Arc<Pictures>,
    checkpoints: &Path,
) -> Result<DetectorTrainer> {
    if arguments.resume {
        let mut checkpoint = Checkpoint::of_detector(checkpoints)?;
        if let Some(budget) = budget(arguments) {
            checkpoint.options.budget = budget;
        }
        eprintln!("continues from step {}", checkpoint.step());
        return Ok(DetectorTrainer::resume(pictures, checkpoint)?);
    }
    if checkpoints.exists() {
        bail!(
            "{} has checkpoints of a training: pass --resume to continue, or another --output",
            arguments.output.display()
        );
    }
    let initial = match &arguments.initial {
        Some(folder) => Some(Weights::from_npy_folder_for(Architecture::Detector, folder)?.weights),
        None => None,
    };
    Ok(DetectorTrainer::new(pictures, initial.as_ref(), options(arguments))?)
}

fn budget(arguments: &Arguments) -> Option<Budget> {
    let steps = arguments.steps.map(|steps| Budget::Steps(steps.get()));
    arguments.minutes.map(Budget::Minutes).or(steps)
}

fn options(arguments: &Arguments) -> DetectorOptions {
    let default = DetectorOptions::default();
    let optimizer = match arguments.optimizer.as_str() {
        "muon" => OptimizerOptions::muon(),
        _ => OptimizerOptions::adamw(),
    };
    DetectorOptions {
        seed: arguments.seed,
        budget: budget(arguments).unwrap_or(default.budget),
        batch: arguments.batch.map_or(default.batch, NonZeroUsize::get),
        side: arguments.side.unwrap_or(default.side),
        optimizer,
        learning_rate: arguments.learning_rate.unwrap_or(default.learning_rate),
        weight_decay: arguments.weight_decay.unwrap_or(default.weight_decay),
        average_decay: arguments.average_decay.unwrap_or(default.average_decay),
        box_weight: arguments.box_weight.unwrap_or(default.box_weight),
        landmark_weight: arguments.landmark_weight.unwrap_or(default.landmark_weight),
        ..default
    }
}

/// A flag that Ctrl-C sets; the second Ctrl-C ends the program at once.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        eprintln!("stopping after this step; press Ctrl-C again to exit without saving");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

fn report_skipped(trainer: &DetectorTrainer) {
    let skipped = trainer.skipped();
    for image in &skipped.examples {
        eprintln!("warning: skipped: {}: {}", image.name, image.reason);
    }
    if !skipped.unreadable.is_empty() {
        eprintln!("warning: {} images could not be used", skipped.unreadable.len());
    }
}
