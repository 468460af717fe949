//! `train-landmarks`: trains the network that finds eyes, nose and mouth.

use std::io::{self, Write};

use anyhow::Result;
use facenet::network::Architecture;
use serde_json::{Value, json};
use training::dataset::Pack;
use training::landmarks::{LandmarkError, LandmarkMeasure, LandmarkOptions, LandmarkTrainer};

use crate::small_training::{Progress, Training};

/// Train the network that finds eyes, nose and mouth.
///
/// The program embeds its weights; this command trains them again from a pack of face
/// images with landmarks.npy. Build with --release: `cargo run --release -p xtask --
/// train-landmarks`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    training: Training,
}

pub(crate) fn run(Arguments { training }: &Arguments) -> Result<()> {
    training.set_threads()?;
    let options = LandmarkOptions {
        budget: training.budget(),
        batch: training.batch.get(),
        learning_rate: training.learning_rate,
        seed: training.seed,
        ..LandmarkOptions::default()
    };
    let initial = training.initial(Architecture::Landmarks)?;
    let mut trainer = LandmarkTrainer::new(Pack::open(&training.data)?, initial.as_ref(), options)?;
    let mut progress = Progress::new(trainer.images());
    while trainer.progress() < 1.0 {
        let step = trainer.step()?;
        if let Some([landmarks, scores]) =
            progress.after(step.step, trainer.progress(), [step.landmark_error, step.scores])
        {
            progress.note(&format!(
                "step {}: landmark error {landmarks:.4} eye distances, score loss {scores:.4}",
                step.step
            ));
            trainer.weights()?.save_npy_folder(&training.output)?;
        }
    }
    let taken = progress.finish(trainer.unreadable());
    let folder = &training.output;
    trainer.weights()?.save_npy_folder(folder)?;
    let measure = trainer.measure()?;
    let mut output = io::stdout().lock();
    if training.json {
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
