//! What a training reports while it runs.

use std::path::Path;

use serde::Serialize;

use super::super::held_out::HeldOutMetrics;

/// Something happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A batch is done with.
    Step(&'a StepMetrics),
    /// The held-out images were measured.
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
    /// How often every image (or person) was shown so far.
    pub epoch: f64,
    /// Share of the budget that is spent, 0 to 1.
    pub progress: f64,
    /// The loss; none where the batch was skipped.
    pub loss: Option<f64>,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Length of all gradients as one vector, before it was clipped.
    pub gradient_norm: Option<f64>,
    /// Images in the batch.
    pub images: usize,
    /// Triplets in the batch, with the triplet loss.
    pub triplets: Option<TripletCount>,
    /// Images a second, this step's.
    pub images_per_second: f64,
    /// Part of the step's seconds that were spent waiting for images.
    pub waiting: f64,
    /// Seconds so far, those of earlier runs counted.
    pub seconds: f64,
}

/// How many triplets a batch had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct TripletCount {
    /// That were chosen.
    pub mined: usize,
    /// Triplets among them with a loss above 0.
    pub active: usize,
}
