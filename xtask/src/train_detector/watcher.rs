//! What a training says while it runs.

use std::time::{Duration, Instant};

use training::detector::{ConditionMeasure, DetectorEvent, DetectorMeasure, DetectorStep};

/// Share of the newest figures in the smoothed ones that are shown.
const SMOOTHING: f64 = 0.02;

/// Says how the training goes.
pub(super) struct Watcher {
    /// Smoothed: losses of score, box and landmarks, cells, seconds and waiting, gradient.
    means: Option<[f64; 7]>,
    noted: Instant,
    /// The last one.
    pub(super) measure: Option<DetectorMeasure>,
}

impl Watcher {
    pub(super) fn new() -> Self {
        Self { means: None, noted: Instant::now(), measure: None }
    }

    pub(super) fn watch(&mut self, event: &DetectorEvent<'_>) {
        match event {
            DetectorEvent::Step(step) => self.step(step),
            DetectorEvent::Measured(measure) => {
                eprint!("{}", table(measure));
                self.measure = Some((*measure).clone());
            }
            _ => {}
        }
    }

    fn step(&mut self, step: &DetectorStep) {
        if step.scenes == 0 {
            return;
        }
        let news = [
            step.score_loss,
            step.box_loss,
            step.landmark_loss,
            step.cells as f64,
            step.seconds,
            step.waiting,
            step.gradient_norm,
        ];
        let means = self.means.get_or_insert(news);
        for (mean, new) in means.iter_mut().zip(news) {
            *mean += SMOOTHING * (new - *mean);
        }
        if self.noted.elapsed() >= Duration::from_secs(15) {
            self.noted = Instant::now();
            let [score, box_, landmarks, cells, seconds, waiting, gradient] = *means;
            eprintln!(
                "step {} ({:.1} %): score {score:.4}, box {box_:.4}, landmarks {landmarks:.4}, \
                 {cells:.0} cells, gradient {gradient:.2}, rate {:.5}, {:.1} scenes/s, \
                 {:.0} % waiting",
                step.step,
                100.0 * step.progress,
                step.learning_rate,
                step.scenes as f64 / seconds,
                100.0 * waiting / seconds,
            );
        }
    }
}

/// The measurement, a line a kind of scene.
pub(super) fn table(measure: &DetectorMeasure) -> String {
    let DetectorMeasure { grounds, threshold, false_boxes, conditions } = measure;
    let mut text = format!(
        "threshold {threshold:.3}: 1 false box on 100 of {grounds} scenes without faces, \
         {false_boxes:.3} a scene with faces\n"
    );
    for ConditionMeasure { name, faces, recall, recall_at_half, landmark_error, overlap } in
        conditions
    {
        text += &format!(
            "{name:<26} {:6.2} % found, {:6.2} % at 0.5, landmarks {:.4}, overlap {:.3} \
             ({faces} faces)\n",
            100.0 * recall,
            100.0 * recall_at_half,
            landmark_error,
            overlap,
        );
    }
    text
}
