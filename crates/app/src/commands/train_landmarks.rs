//! `facenet train-landmarks`: the network that finds eyes, nose and mouth.

use anyhow::Result;
use facenet::dataset::Pack;
use facenet::landmarks::training::{
    LandmarkError, LandmarkMeasure, LandmarkOptions, LandmarkTrainer,
};
use facenet::network::Architecture;
use facenet::training::Budget;
use facenet::weights::Weights;
use serde_json::{Value, json};

use crate::arguments::TrainLandmarks;
use crate::output::{Output, escaped, line, note, warn};
use crate::{Outcome, progress};

/// Steps from one note to the next, and from one writing of the weights to the next.
const NOTE_EVERY: u64 = 500;
/// Ticks of the progress bar: the budget may be steps or minutes.
const TICKS: usize = 1000;
/// Share of the newest error in the one that is shown.
const SMOOTHING: f64 = 0.02;

pub(crate) fn run(arguments: &TrainLandmarks, output: &mut Output) -> Result<Outcome> {
    let TrainLandmarks { data, output: folder, steps, minutes, batch, learning_rate, seed, .. } =
        arguments;
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
    let [pictures, held_out] = trainer.pictures();
    note(format_args!("{pictures} pictures to train on, {held_out} of other people to measure on"));
    let bar = progress::bar(TICKS, "training");
    let mut taken = 0;
    let (mut points, mut scores) = (None, None);
    while trainer.progress() < 1.0 {
        let step = trainer.step()?;
        bar.set_position((trainer.progress() * TICKS as f64) as u64);
        taken = step.step;
        smooth(&mut points, step.points);
        smooth(&mut scores, step.scores);
        if step.step % NOTE_EVERY == 0
            && let (Some(points), Some(scores)) = (points, scores)
        {
            bar.suspend(|| {
                note(format_args!(
                    "step {}: points off by {points:.4} eye distances, scores {scores:.4}",
                    step.step
                ));
            });
            trainer.weights()?.save_npy_folder(folder)?;
        }
    }
    bar.finish_and_clear();
    if trainer.unreadable() > 0 {
        warn(format_args!("{} views had no readable picture", trainer.unreadable()));
    }
    trainer.weights()?.save_npy_folder(folder)?;
    let measure = trainer.measure()?;
    if output.is_json() {
        output.json(&json!({
            "steps": taken,
            "weights": folder.display().to_string(),
            "upright": error(&measure.upright),
            "leaning": error(&measure.leaning),
            "faces_accepted": measure.faces_accepted,
            "others_refused": measure.others_refused,
        }))?;
    } else {
        print(&measure, taken, output)?;
        line!(output, "weights in {}", escaped(&folder.display().to_string()))?;
    }
    Ok(Outcome::Yes)
}

fn smooth(mean: &mut Option<f64>, value: f64) {
    let before = mean.unwrap_or(value);
    *mean = Some(before + SMOOTHING * (value - before));
}

fn error(error: &LandmarkError) -> Value {
    let LandmarkError { faces, mean, median, percentile_95 } = error;
    json!({ "faces": faces, "mean": mean, "median": median, "percentile_95": percentile_95 })
}

fn print(measure: &LandmarkMeasure, steps: u64, output: &mut Output) -> Result<()> {
    let LandmarkMeasure { upright, leaning, faces_accepted, others_refused } = measure;
    line!(output, "{steps} steps. Of people who were not trained on, error in eye distances:")?;
    for (name, error) in [("upright", upright), ("leaning up to 45°", leaning)] {
        let LandmarkError { faces, mean, median, percentile_95 } = error;
        line!(
            output,
            "{name:<18} mean {mean:.4}, median {median:.4}, 95 % below {percentile_95:.4} \
             ({faces} faces)"
        )?;
    }
    let percent = |share: f64| 100.0 * share;
    line!(output, "faces accepted     {:.2} %", percent(*faces_accepted))?;
    line!(output, "others refused     {:.2} %", percent(*others_refused))?;
    Ok(())
}
