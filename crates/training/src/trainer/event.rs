//! What a training tells while it runs.

use std::path::Path;

use serde::Serialize;

use super::super::held_out::HeldOutMetrics;

/// Something happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A batch is done with.
    Step(&'a StepMetrics),
    /// The held-out pictures were measured.
    HeldOut(&'a HeldOutMetrics),
    /// A checkpoint was written.
    Checkpoint {
        /// Steps taken.
        step: u64,
        /// Its folder.
        path: &'a Path,
    },
}

/// Figures of one step.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StepMetrics {
    /// Steps taken, this one counted.
    pub step: u64,
    /// How often every picture (or person) was shown so far.
    pub epoch: f64,
    /// Share of the budget that is spent, 0 to 1.
    pub progress: f64,
    /// The loss; none where the batch was skipped.
    pub loss: Option<f64>,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Length of all gradients as one vector, before it was clipped.
    pub gradient_norm: Option<f64>,
    /// Pictures in the batch.
    pub pictures: usize,
    /// Triplets in the batch, with the triplet loss.
    pub triplets: Option<TripletCount>,
    /// Pictures a second, this step's.
    pub pictures_per_second: f64,
    /// Part of the step's seconds that were spent waiting for pictures.
    pub waiting: f64,
    /// Seconds so far, those of earlier runs counted.
    pub seconds: f64,
}

/// How many triplets a batch had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TripletCount {
    /// That were chosen.
    pub mined: usize,
    /// Of them, those that cost something.
    pub active: usize,
}
