//! `train-visibility`: trains the network that tells whether mouth and eyes can be seen.

use std::io::{self, Write};

use anyhow::Result;
use facenet::network::Architecture;
use faces::QualityLimits;
use serde_json::json;
use training::dataset::Pack;
use training::visibility::{VisibilityMeasure, VisibilityOptions, VisibilityTrainer};

use crate::small_training::{Progress, Training};

/// Train the network that tells whether a face is covered.
///
/// The program embeds its weights; this command trains them again from a pack of face
/// images with landmarks.npy, over which it paints masks, hands, dark glasses. Build with
/// --release: `cargo run --release -p xtask -- train-visibility`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    training: Training,
}

pub(crate) fn run(Arguments { training }: &Arguments) -> Result<()> {
    training.set_threads()?;
    let options = VisibilityOptions {
        budget: training.budget(),
        batch: training.batch.get(),
        learning_rate: training.learning_rate,
        seed: training.seed,
        ..VisibilityOptions::default()
    };
    let initial = training.initial(Architecture::Visibility)?;
    let pack = Pack::open(&training.data)?;
    let mut trainer = VisibilityTrainer::new(pack, initial.as_ref(), options)?;
    let mut progress = Progress::new(trainer.images());
    while trainer.progress() < 1.0 {
        let step = trainer.step()?;
        let losses = [step.mouth, step.eyes];
        if let Some([mouth, eyes]) = progress.after(step.step, trainer.progress(), losses) {
            progress.note(&format!("step {}: loss {mouth:.4} mouth, {eyes:.4} eyes", step.step));
            trainer.weights()?.save_npy_folder(&training.output)?;
        }
    }
    let taken = progress.finish(trainer.unreadable());
    let folder = &training.output;
    trainer.weights()?.save_npy_folder(folder)?;
    let least = QualityLimits::WARN.visibility;
    let measure = trainer.measure([least.mouth, least.eyes])?;
    let VisibilityMeasure { plain, false_alarms, covered, found, low } = measure;
    let mut output = io::stdout().lock();
    if training.json {
        let weights = folder.display().to_string();
        let summary = json!({
            "steps": taken, "weights": weights, "plain": plain, "false_alarms": false_alarms,
            "covered": covered, "found": found, "low": low,
        });
        writeln!(output, "{summary}")?;
        return Ok(());
    }
    writeln!(output, "{taken} steps. On held-out people, {plain} plain faces:")?;
    for (part, name) in ["mouth", "eyes"].into_iter().enumerate() {
        let [false_alarms, found] = [false_alarms, found].map(|shares| 100.0 * shares[part]);
        let (covered, [thousandth, two_hundredth]) = (covered[part], low[part]);
        writeln!(
            output,
            "{name:<6} {found:.2} % of {covered} painted covers are found, {false_alarms:.2} % of \
             plain faces taken for covered; 0.1 % are below {thousandth:.3}, 0.5 % below \
             {two_hundredth:.3}"
        )?;
    }
    writeln!(output, "weights in {}", folder.display())?;
    Ok(())
}
