//! How to train: all that the result depends on, beside the images and the
//! weights to begin with.

mod optimizer;

use autograd::Schedule;
use facenet::network::Variant;
use serde::{Deserialize, Serialize};
use tensor::{Level, Precision};

use super::super::augmentation::AugmentationOptions;
use super::super::batches::Sampling;
use super::super::error::OptionsError;
use super::super::losses::Loss;

pub use optimizer::OptimizerOptions;

/// How to train. A checkpoint keeps it, so that a resumed run goes on alike.
///
/// ```
/// use training::{Budget, TrainingOptions};
///
/// let options =
///     TrainingOptions { budget: Budget::Minutes(20.0), seed: 7, ..TrainingOptions::distillation() };
/// let text = serde_json::to_string(&options)?;
/// assert_eq!(serde_json::from_str::<TrainingOptions>(&text)?, options);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingOptions {
    /// Which network.
    #[serde(with = "variant_name")]
    pub variant: Variant,
    /// Seed of everything that is random.
    pub seed: u64,
    /// How convolutions, their derivatives and Muon's steps multiply; sums, weights and all
    /// else are f32.
    #[serde(default, with = "precision_name")]
    pub precision: Precision,
    /// The loss.
    pub loss: Loss,
    /// How the images of a batch are chosen.
    pub sampling: Sampling,
    /// Changes to images.
    pub augmentation: AugmentationOptions,
    /// How gradients change weights.
    pub optimizer: OptimizerOptions,
    /// The highest learning rate.
    pub learning_rate: f64,
    /// How the learning rate goes with the steps.
    pub schedule: RateSchedule,
    /// Pull of kernels and the dense layer's weight toward zero; biases, scales
    /// and shifts have none.
    pub weight_decay: f64,
    /// Longest gradient, all tensors as one vector; longer ones are scaled down.
    pub clip_norm: Option<f64>,
    /// The share of a batch in batch-norm's running statistics. From random
    /// weights the n-th batch has a share of 1 / n at first, a plain mean.
    pub statistics_momentum: f64,
    /// The part of the moving average of all weights and statistics that a step keeps; the
    /// average is what is measured and saved. 0 for none. The n-th step keeps no more than
    /// (1 + n) / (10 + n), so that the average forgets what it began with.
    pub average_decay: f64,
    /// How far a target is drawn to the center of its person's targets, 0 to 1, with
    /// distillation.
    pub center_share: f64,
    /// When to end.
    pub budget: Budget,
    /// People of the source who are not trained on but measured on; none, or four
    /// or more.
    pub held_out_people: usize,
}

/// How the learning rate goes with the steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum RateSchedule {
    /// Always the same.
    Constant,
    /// Up in a straight line, then down along half a cosine wave to the budget's
    /// end.
    Cosine {
        /// Steps of the straight line, a fifth of all at most.
        warm_up: u64,
        /// The last rate as a share of the highest.
        floor: f64,
    },
    /// Down by a factor every so many steps.
    Step {
        /// Factor of each fall of the rate.
        factor: f64,
        /// Steps from one fall to the next.
        every: u64,
    },
}

impl RateSchedule {
    /// The rate of step number `step`, from 0, of about `steps`.
    pub(in super::super) fn rate(self, rate: f64, step: u64, steps: u64) -> f64 {
        let schedule = match self {
            Self::Constant => Schedule::Constant { rate },
            Self::Cosine { warm_up, floor } => {
                let warm_up = warm_up.min(steps / 5);
                Schedule::Cosine { peak: rate, floor: rate * floor, warm_up, steps }
            }
            Self::Step { factor, every } => Schedule::Step { rate, factor, every },
        };
        schedule.rate(step)
    }

    pub(in super::super) fn check(self) -> Result<(), OptionsError> {
        let (option, value) = match self {
            Self::Constant => return Ok(()),
            Self::Cosine { floor, .. } => ("schedule.floor", floor),
            Self::Step { factor, .. } => ("schedule.factor", factor),
        };
        OptionsError::check(option, value, "0 to 1", (0.0..=1.0).contains(&value))
    }
}

/// When training ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "amount", rename_all = "lowercase")]
pub enum Budget {
    /// After so many batches.
    Steps(u64),
    /// After every image (or person) was shown so often.
    Epochs(f64),
    /// After so many minutes, those of earlier runs counted. Where the learning
    /// rate falls toward the end, it then depends on the clock, and with it the
    /// result.
    Minutes(f64),
}

impl Budget {
    pub(in super::super) fn check(self) -> Result<(), OptionsError> {
        let (option, amount) = match self {
            Self::Steps(steps) => ("budget.steps", steps as f64),
            Self::Epochs(epochs) => ("budget.epochs", epochs),
            Self::Minutes(minutes) => ("budget.minutes", minutes),
        };
        OptionsError::check(option, amount, "0 to 1e12", (0.0..=1e12).contains(&amount))
    }
}

impl TrainingOptions {
    /// Distillation, the recipe that the shipped weights were made with: AdamW at
    /// 1.2e-3 with warm-up and cosine decay, weight decay 0.02, batches of 128, targets half
    /// way to their people's centers, the weights' moving average. Twenty epochs.
    pub fn distillation() -> Self {
        Self {
            variant: Variant::default(),
            seed: 0,
            precision: Precision::F32,
            loss: Loss::distillation(),
            sampling: Sampling::Images { images: 128 },
            augmentation: AugmentationOptions::default(),
            optimizer: OptimizerOptions::adamw(),
            learning_rate: 1.2e-3,
            schedule: RateSchedule::Cosine { warm_up: 200, floor: 0.01 },
            weight_decay: 0.02,
            clip_norm: None,
            statistics_momentum: 0.01,
            average_decay: 0.999,
            center_share: 0.5,
            budget: Budget::Epochs(20.0),
            held_out_people: 0,
        }
    }

    /// Fine-tuning with triplets: semi-hard ones of 24 people with 4 images
    /// each, at a tenth of the learning rate. Five epochs.
    pub fn triplet() -> Self {
        Self {
            loss: Loss::triplet(),
            sampling: Sampling::People { people: 24, images: 4 },
            learning_rate: 1e-4,
            average_decay: 0.0,
            budget: Budget::Epochs(5.0),
            ..Self::distillation()
        }
    }

    /// Checks every option.
    ///
    /// # Errors
    /// Names the first that is out of its range, or that this machine does not have.
    pub fn check(&self) -> Result<(), OptionsError> {
        self.loss.check()?;
        self.sampling.check()?;
        self.augmentation.check()?;
        self.optimizer.check()?;
        self.schedule.check()?;
        self.budget.check()?;
        for (option, value, limit, expected) in [
            ("learning_rate", self.learning_rate, 10.0, "0 to 10"),
            ("weight_decay", self.weight_decay, 10.0, "0 to 10"),
            ("statistics_momentum", self.statistics_momentum, 1.0, "0 to 1"),
            ("average_decay", self.average_decay, 1.0, "0 to 1"),
            ("center_share", self.center_share, 1.0, "0 to 1"),
        ] {
            OptionsError::check(option, value, expected, (0.0..=limit).contains(&value))?;
        }
        if let Some(norm) = self.clip_norm {
            OptionsError::check("clip_norm", norm, "above 0", norm > 0.0)?;
        }
        let has_precision = self.precision.is_available_at(Level::best());
        let expected = "f32, or bf16 on a machine with AVX-512 BF16";
        OptionsError::check("precision", self.precision, expected, has_precision)?;
        let people = self.held_out_people;
        let right = people == 0 || people >= 4;
        OptionsError::check("held_out_people", people, "none, or four or more", right)
    }
}

/// A variant by its name.
mod variant_name {
    use facenet::network::Variant;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(variant: &Variant, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(variant.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Variant, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// A precision by its name.
mod precision_name {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};
    use tensor::Precision;

    // The signature is serde's.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    pub(super) fn serialize<S: Serializer>(
        precision: &Precision,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(precision.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Precision, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_ends_at_its_floor_however_short_the_training() {
        let schedule = RateSchedule::Cosine { warm_up: 100, floor: 0.1 };
        for steps in [0, 1, 4, 10, 499, 500, 10_000] {
            let rates: Vec<_> = (0..steps).map(|step| schedule.rate(2.0, step, steps)).collect();
            let highest = rates.iter().copied().fold(0.0, f64::max);
            assert!(rates.is_empty() || (1.5..=2.0).contains(&highest), "{steps}: {highest}");
            assert!((schedule.rate(2.0, steps, steps) - 0.2).abs() < 1e-12, "{steps}");
        }
        assert_eq!(schedule.rate(2.0, 0, u64::MAX), 0.02);
    }

    #[test]
    fn presets_are_in_range_and_survive_json() {
        for options in [TrainingOptions::distillation(), TrainingOptions::triplet()] {
            options.check().unwrap();
            for budget in [Budget::Steps(7), Budget::Epochs(0.5), Budget::Minutes(20.0)] {
                let options = TrainingOptions { budget, clip_norm: Some(1.0), ..options.clone() };
                let text = serde_json::to_string(&options).unwrap();
                assert_eq!(serde_json::from_str::<TrainingOptions>(&text).unwrap(), options);
            }
        }
        let unknown = serde_json::from_str::<AugmentationOptions>(r#"{"shfit": 1}"#);
        assert!(unknown.unwrap_err().to_string().contains("shfit"));
    }
}
