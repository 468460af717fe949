//! How to train the detector.

use std::path::Path;

use facenet::network::Architecture;
use serde::{Deserialize, Serialize};
use tensor::Precision;

use crate::Error;
use crate::checkpoint::{self, Checkpoint, Trained};
use crate::error::OptionsError;
use crate::trainer::{Budget, OptimizerOptions, RateSchedule};

/// How to train the detector: all that the result depends on, beside the pictures and the
/// weights to begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DetectorOptions {
    /// Of everything that is random. Default: 1.
    pub seed: u64,
    /// When to end. An epoch is as many scenes as there are pictures with faces to train on.
    /// Default: 12,000 steps.
    pub budget: Budget,
    /// Scenes in a batch. Default: 16.
    pub batch: usize,
    /// Width and height of a scene in pixels, a multiple of 32. Default: 256.
    pub side: usize,
    /// How gradients change weights. Default: AdamW.
    pub optimizer: OptimizerOptions,
    /// The highest learning rate. Default: 3e-3.
    pub learning_rate: f64,
    /// How the learning rate goes with the steps. Default: 300 steps up, then a cosine down to
    /// a hundredth.
    pub schedule: RateSchedule,
    /// Pull of kernels toward zero. Default: 1e-3.
    pub weight_decay: f64,
    /// Longest gradient, all tensors as one vector. Default: 10.
    pub clip_norm: f64,
    /// The share of a batch in batch-norm's running statistics, once there have been enough
    /// batches. Default: 0.01.
    pub statistics_momentum: f64,
    /// The part of the moving average of all weights and statistics that a step keeps; the
    /// average is what is measured and saved. 0 for none. Default: 0.998.
    pub average_decay: f64,
    /// What the loss of boxes weighs, against that of scores. Default: 2.
    pub box_weight: f64,
    /// What the loss of landmarks weighs, against that of scores. Default: 0.2.
    pub landmark_weight: f64,
}

impl Default for DetectorOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            budget: Budget::Steps(12_000),
            batch: 16,
            side: 256,
            optimizer: OptimizerOptions::adamw(),
            learning_rate: 3e-3,
            schedule: RateSchedule::Cosine { warm_up: 300, floor: 0.01 },
            weight_decay: 1e-3,
            clip_norm: 10.0,
            statistics_momentum: 0.01,
            average_decay: 0.998,
            box_weight: 2.0,
            landmark_weight: 0.2,
        }
    }
}

impl DetectorOptions {
    /// Checks every option.
    ///
    /// # Errors
    /// Names the first that is out of its range.
    pub fn check(&self) -> Result<(), OptionsError> {
        self.optimizer.check()?;
        self.schedule.check()?;
        self.budget.check()?;
        let right = (2..=1024).contains(&self.batch);
        OptionsError::check("batch", self.batch, "2 to 1024 scenes", right)?;
        let right = self.side.is_multiple_of(32) && (64..=1024).contains(&self.side);
        OptionsError::check("side", self.side, "a multiple of 32 from 64 to 1024", right)?;
        for (option, value, limit, expected) in [
            ("learning_rate", self.learning_rate, 10.0, "0 to 10"),
            ("weight_decay", self.weight_decay, 10.0, "0 to 10"),
            ("statistics_momentum", self.statistics_momentum, 1.0, "0 to 1"),
            ("average_decay", self.average_decay, 1.0, "0 to 1"),
            ("box_weight", self.box_weight, 1e3, "0 to 1000"),
            ("landmark_weight", self.landmark_weight, 1e3, "0 to 1000"),
        ] {
            OptionsError::check(option, value, expected, (0.0..=limit).contains(&value))?;
        }
        OptionsError::check("clip_norm", self.clip_norm, "above 0", self.clip_norm > 0.0)
    }

    pub(super) fn algorithm(&self) -> autograd::optimizer::Algorithm {
        self.optimizer.algorithm(Precision::F32)
    }
}

impl Trained for DetectorOptions {
    const FORMAT: &'static str = "detector-training-1";

    fn architecture(&self) -> Architecture {
        Architecture::Detector
    }

    fn check(&self) -> Result<(), OptionsError> {
        Self::check(self)
    }
}

impl Checkpoint<DetectorOptions> {
    /// Reads a checkpoint's folder, or the newest one in a folder of checkpoints.
    ///
    /// # Errors
    /// When there is none, it is damaged, or that of another training.
    pub fn of_detector(folder: &Path) -> Result<Self, Error> {
        checkpoint::read(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_in_range_and_survive_json() {
        let options = DetectorOptions::default();
        options.check().unwrap();
        let text = serde_json::to_string(&options).unwrap();
        assert_eq!(serde_json::from_str::<DetectorOptions>(&text).unwrap(), options);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let wrong = |change: fn(&mut DetectorOptions)| {
            let mut options = DetectorOptions::default();
            change(&mut options);
            options.check().unwrap_err().option
        };
        assert_eq!(wrong(|o| o.batch = 1), "batch");
        assert_eq!(wrong(|o| o.side = 100), "side");
        assert_eq!(wrong(|o| o.learning_rate = f64::NAN), "learning_rate");
        assert_eq!(wrong(|o| o.box_weight = -1.0), "box_weight");
        assert_eq!(wrong(|o| o.clip_norm = 0.0), "clip_norm");
    }
}
