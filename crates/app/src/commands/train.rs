//! `facenet train`: runs a training with progress bar, output folder and Ctrl-C.
//!
//! The training loop is in the crate `training`. Here, arguments become its options
//! (`train/settings.rs`), and its events become a journal (`train/journal.rs`) and a chart
//! (`train/curve.rs`).

mod curve;
mod journal;
mod settings;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};
use journal::Journal;
use serde_json::json;
use training::{
    Checkpoint, Event, HeldOutMetrics, Interval, Outcome as Ended, RunOptions, Skipped,
    StepMetrics, Trainer,
};

use crate::ExitStatus;
use crate::arguments::Train;
use crate::output::{Output, escaped, line, note, warn};

/// Ticks of the progress bar; the budget may be steps, epochs or minutes.
const TICKS: u64 = 1000;
/// Share of the newest loss in the smoothed one that is shown.
const SMOOTHING: f64 = 0.05;

/// The output files of a training.
struct Layout {
    checkpoints: PathBuf,
    weights: PathBuf,
    lines: PathBuf,
    table: PathBuf,
    curve: PathBuf,
}

impl Layout {
    fn of(folder: &Path) -> Self {
        Self {
            checkpoints: folder.join("checkpoints"),
            weights: folder.join("weights"),
            lines: folder.join("metrics.jsonl"),
            table: folder.join("metrics.csv"),
            curve: folder.join("loss.svg"),
        }
    }
}

pub(crate) fn run(arguments: &Train, output: &mut Output) -> Result<ExitStatus> {
    let layout = Layout::of(&arguments.output);
    let mut trainer = trainer(arguments, &layout)?;
    let mut journal = Journal::open(&layout.lines, trainer.step())?;
    let stop = stop_on_interrupt()?;
    let options = RunOptions {
        measure: Some(Interval::Steps(arguments.measure_every)),
        checkpoint: Some(Interval::Time(Duration::from_secs(arguments.checkpoint_every))),
        folder: Some(layout.checkpoints.clone()),
        ..RunOptions::default()
    };

    let bar = bar()?;
    let mut watcher = Watcher::default();
    let mut failed = None;
    let ended = trainer.run(&options, &stop, &mut |event| {
        let written = watcher.watch(&event, &bar, &mut journal);
        if let Err(error) = written {
            // Stops the training at the next step; the first error is reported.
            failed.get_or_insert(error);
            stop.store(true, Ordering::Relaxed);
        }
    });
    bar.finish_and_clear();
    // The journal and the chart are written even if the training failed; the training's
    // error is reported first.
    let written =
        journal.finish(&layout.table).and_then(|()| curve::draw(&layout.curve, journal.records()));
    report_skipped(trainer.skipped());
    let ended = ended?;
    if let Some(error) = failed {
        return Err(error);
    }
    written?;
    trainer.weights()?.save_npy_folder(&layout.weights)?;
    summarize(&trainer, ended, &watcher, &layout, output)?;
    Ok(ExitStatus::Match)
}

/// A new training, or one that continues from the last checkpoint.
fn trainer(arguments: &Train, layout: &Layout) -> Result<Trainer> {
    let source = settings::source(arguments)?;
    let measure = settings::measure(arguments)?;
    let has_checkpoints = layout.checkpoints.exists();
    let mut trainer = if arguments.resume {
        let mut checkpoint = Checkpoint::read(&layout.checkpoints)?;
        if let Some(budget) = settings::budget(arguments) {
            checkpoint.options.budget = budget;
        }
        if let Some(precision) = arguments.precision {
            checkpoint.options.precision = precision;
        }
        note(format_args!("continues from step {}", checkpoint.step()));
        Trainer::resume(source, checkpoint)?
    } else if has_checkpoints {
        bail!(
            "{} has checkpoints of a training: pass --resume to continue, or another --output",
            arguments.output.display()
        );
    } else {
        let (initial, options) = settings::options(arguments, source.as_ref(), measure.is_some())?;
        let mut trainer = Trainer::new(Arc::clone(&source), initial, options)?;
        if let Some(images) = arguments.fit_last_layer {
            trainer.fit_last_layer(images)?;
            note(format_args!("the last layer is fitted to {images} images"));
        }
        trainer
    };
    if let Some(measure) = measure {
        trainer.measure_on(measure);
    }
    std::fs::create_dir_all(&arguments.output)
        .with_context(|| format!("cannot make the folder {}", arguments.output.display()))?;
    Ok(trainer)
}

/// A flag that Ctrl-C sets; the second Ctrl-C ends the program at once.
fn stop_on_interrupt() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        note(format_args!("stopping after this step; press Ctrl-C again to exit without saving"));
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

fn bar() -> Result<ProgressBar> {
    let template = "training [{bar:30}] {percent}%  {msg}  {eta} left";
    let bar = ProgressBar::new(TICKS).with_style(ProgressStyle::with_template(template)?);
    bar.enable_steady_tick(Duration::from_millis(500));
    Ok(bar)
}

/// Processes the training's events and keeps running figures.
#[derive(Default)]
struct Watcher {
    loss: Option<f64>,
    images: usize,
    seconds: f64,
    held_out: Option<HeldOutMetrics>,
}

impl Watcher {
    fn watch(&mut self, event: &Event<'_>, bar: &ProgressBar, journal: &mut Journal) -> Result<()> {
        match event {
            Event::Step(metrics) => {
                self.count(metrics);
                let loss = self.loss.map_or("none yet".into(), |loss| format!("{loss:.4}"));
                bar.set_message(format!(
                    "step {}, epoch {:.2}, loss {loss}, {:.0} images/s",
                    metrics.step,
                    metrics.epoch,
                    self.images_per_second()
                ));
                bar.set_position((metrics.progress * TICKS as f64) as u64);
                journal.step(metrics)
            }
            Event::HeldOut(metrics) => {
                bar.suspend(|| {
                    note(format_args!(
                        "step {}: held-out accuracy {:.2} %, threshold {:.3}",
                        metrics.step,
                        100.0 * metrics.accuracy,
                        metrics.threshold
                    ));
                });
                self.held_out = Some((*metrics).clone());
                journal.held_out(metrics)
            }
            Event::Checkpoint { .. } => journal.flush(),
            _ => Ok(()),
        }
    }

    fn count(&mut self, metrics: &StepMetrics) {
        // A batch without a readable image has no speed.
        if metrics.images_per_second > 0.0 {
            self.images += metrics.images;
            self.seconds += metrics.images as f64 / metrics.images_per_second;
        }
        if let Some(loss) = metrics.loss {
            let before = self.loss.unwrap_or(loss);
            self.loss = Some(before + SMOOTHING * (loss - before));
        }
    }

    fn images_per_second(&self) -> f64 {
        if self.seconds > 0.0 { self.images as f64 / self.seconds } else { 0.0 }
    }
}

/// Reports what was skipped, and why.
fn report_skipped(skipped: &Skipped) {
    for image in &skipped.examples {
        warn(format_args!("skipped: {}: {}", image.name, image.reason));
    }
    for (count, what) in [
        (skipped.unreadable.len() as u64, "images could not be used"),
        (skipped.single as u64, "people have only one image and make no positive pair"),
        (skipped.batches_without_triplet, "batches had no triplet to train on"),
        (skipped.batches_too_small, "batches had fewer than two readable images"),
    ] {
        if count > 0 {
            warn(format_args!("{count} {what}"));
        }
    }
}

fn summarize(
    trainer: &Trainer,
    ended: Ended,
    watcher: &Watcher,
    layout: &Layout,
    output: &mut Output,
) -> Result<()> {
    let outcome = match ended {
        Ended::Finished => "finished",
        Ended::Stopped => "stopped",
    };
    let weights = layout.weights.display().to_string();
    if output.is_json() {
        let skipped = trainer.skipped();
        output.json(&json!({
            "outcome": outcome,
            "steps": trainer.step(),
            "epochs": trainer.epoch(),
            "loss": watcher.loss,
            "images_per_second": watcher.images_per_second(),
            "held_out": watcher.held_out.as_ref().map(|metrics| metrics.accuracy),
            "skipped_images": skipped.unreadable.len(),
            "single_image_people": skipped.single,
            "batches_without_triplet": skipped.batches_without_triplet,
            "weights": weights,
        }))?;
        return Ok(());
    }
    let (steps, epochs) = (trainer.step(), trainer.epoch());
    let speed = watcher.images_per_second();
    line!(output, "{outcome} after {steps} steps, {epochs:.2} epochs, {speed:.0} images/s")?;
    if let Some(loss) = watcher.loss {
        line!(output, "loss {loss:.4} (smoothed)")?;
    }
    if let Some(HeldOutMetrics { accuracy, std, pairs, .. }) = &watcher.held_out {
        let (accuracy, std) = (100.0 * accuracy, 100.0 * std);
        line!(output, "held-out accuracy {accuracy:.2} % ± {std:.2} on {pairs} pairs")?;
    }
    line!(output, "weights in {}", escaped(&weights))?;
    line!(output, "chart in {}", escaped(&layout.curve.display().to_string()))?;
    if ended == Ended::Stopped {
        line!(output, "continue with --resume")?;
    }
    Ok(())
}
