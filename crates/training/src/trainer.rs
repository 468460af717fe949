//! The training loop.
//!
//! A [`Trainer`] owns the model, the optimizer and the position; [`Trainer::run`]
//! takes steps until the budget is spent or the caller says stop, and tells an
//! observer about each. It prints nothing and starts no thread but those that
//! load images.
//!
//! | part | file |
//! | --- | --- |
//! | options | `trainer/options.rs` |
//! | what it reports | `trainer/event.rs` |
//! | one step | `trainer/step.rs` |
//! | until the end | `trainer/run.rs` |

mod event;
mod options;
mod run;
mod step;

use std::collections::HashSet;
use std::sync::Arc;

use autograd::Optimizer;
use facenet::model::Model;
use facenet::weights::{Weights, WeightsError};

use super::Error;
use super::augmentation::Augmentation;
use super::batches::{BatchBuilder, Sampler, Sampling, prepare};
use super::centers::Centers;
use super::checkpoint::{Checkpoint, Fingerprint};
use super::fit::fit_last_layer;
use super::held_out::HeldOut;
use super::losses::Loss;
use super::people::People;
use super::position::Position;
use super::skipped::Skipped;
use super::source::Source;

pub use event::{Event, StepMetrics, TripletCount};
pub use options::{Budget, OptimizerOptions, RateSchedule, TrainingOptions};
pub(super) use run::{Clock, Timer};
pub use run::{Interval, Outcome, RunOptions};

/// Weights to begin with.
#[derive(Clone, Debug)]
pub enum Initial {
    /// From nothing, by the options' seed.
    Random,
    /// From these.
    Weights(Box<Weights>),
}

/// A training: the model, its optimizer and how far it is.
pub struct Trainer {
    options: TrainingOptions,
    builder: BatchBuilder,
    model: Model,
    /// The moving average of the model, if there is one.
    average: Option<Model>,
    optimizer: Optimizer<f32>,
    /// Of the people trained on, with distillation.
    centers: Option<Centers>,
    held_out: Option<HeldOut>,
    position: Position,
    skipped: Skipped,
}

impl Trainer {
    /// A training that has yet to begin.
    ///
    /// # Errors
    /// When an option is out of range, or the images do not allow what the
    /// options ask for: targets for distillation, two people with two images
    /// each for triplets, people to hold out.
    pub fn new(
        source: Arc<dyn Source>,
        initial: Initial,
        options: TrainingOptions,
    ) -> Result<Self, Error> {
        options.check()?;
        let TrainingOptions { variant, seed, weight_decay, statistics_momentum, .. } = options;
        let (model, absorbed) = match initial {
            Initial::Random => (Model::random(variant, seed, weight_decay), 0),
            Initial::Weights(weights) => {
                let model = Model::from_weights(variant, &weights, weight_decay);
                // As if there had been batches enough for the final momentum.
                (model, (1.0 / statistics_momentum).ceil().min(1e15) as u64)
            }
        };
        let position = Position { absorbed, ..Position::default() };
        let average = (options.average_decay > 0.0).then(|| model.clone());
        Self::assemble(source, model, average, options, position, Skipped::default())
    }

    /// Goes on from a checkpoint, to the same bits as if it had not been
    /// interrupted.
    ///
    /// # Errors
    /// When the images are others than before, or as [`new`](Self::new).
    pub fn resume(source: Arc<dyn Source>, checkpoint: Checkpoint) -> Result<Self, Error> {
        let Checkpoint { options, weights, average, position, images, skipped, .. } = checkpoint;
        let optimizer = checkpoint.optimizer;
        options.check()?;
        let found = Fingerprint::of(source.as_ref());
        if found != images {
            let (expected, found) = (images.count, found.count);
            return Err(Error::OtherImages { expected, found });
        }
        let model = |weights| Model::from_weights(options.variant, weights, options.weight_decay);
        let (model, average) = (model(&weights), average.as_ref().map(model));
        let mut trainer = Self::assemble(source, model, average, options, position, skipped)?;
        trainer.optimizer.restore(optimizer)?;
        Ok(trainer)
    }

    fn assemble(
        source: Arc<dyn Source>,
        mut model: Model,
        average: Option<Model>,
        options: TrainingOptions,
        position: Position,
        mut skipped: Skipped,
    ) -> Result<Self, Error> {
        model.set_precision(options.precision);
        let is_distillation = matches!(options.loss, Loss::Distillation { .. });
        if is_distillation && !source.has_targets() {
            return Err(Error::NoTargets);
        }
        let TrainingOptions { seed, sampling, augmentation, held_out_people, .. } = options;
        let held_out = match held_out_people {
            0 => None,
            count => Some(HeldOut::people(Arc::clone(&source), count, seed)?),
        };
        let set_aside = held_out.as_ref().map_or_else(HashSet::new, HeldOut::images);
        let sampler = Sampler::new(source.as_ref(), &set_aside, sampling, seed)?;
        if matches!(sampling, Sampling::People { .. }) {
            skipped.single = People::of(source.as_ref()).single.len();
        }
        let centers = if is_distillation { Centers::of(source.as_ref(), &set_aside) } else { None };
        let optimizer =
            Optimizer::new(options.optimizer.algorithm(options.precision), model.parameters());
        let builder = BatchBuilder { source, sampler, augmentation, seed };
        Ok(Self {
            options,
            builder,
            model,
            average,
            optimizer,
            centers,
            held_out,
            position,
            skipped,
        })
    }

    /// Fits the last layer to the targets of about so many training images, as they are,
    /// before the first step: see `training/fit.rs`.
    ///
    /// # Errors
    /// When there are no targets, or fewer images than the last layer has inputs.
    pub fn fit_last_layer(&mut self, images: usize) -> Result<(), Error> {
        let batch = self.options.sampling.batch_size();
        let mut sampler = self.builder.sampler.clone();
        let source = self.builder.source.as_ref();
        let batches = (0..images.div_ceil(batch) as u64)
            .map(|number| prepare(source, &sampler.batch(number), |_| Augmentation::NONE));
        fit_last_layer(&mut self.model, batches)?;
        if let Some(average) = &mut self.average {
            *average = self.model.clone();
        }
        Ok(())
    }

    /// Measures on this instead of on people of the training images.
    ///
    /// It changes nothing about the training: people that the options hold out
    /// stay out.
    pub fn measure_on(&mut self, held_out: HeldOut) {
        self.held_out = Some(held_out);
    }

    /// How it trains.
    pub fn options(&self) -> &TrainingOptions {
        &self.options
    }

    /// The network as it is now.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The weights to use: the moving average if there is one, else the weights as they
    /// are now.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        self.average.as_ref().unwrap_or(&self.model).weights()
    }

    /// Batches so far.
    pub fn step(&self) -> u64 {
        self.position.step
    }

    /// How often every image (or person) was shown.
    pub fn epoch(&self) -> f64 {
        self.position.step as f64 / self.builder.sampler.batches_per_epoch()
    }

    /// Bad data so far.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Share of the budget that is spent, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.position.progress(self.options.budget, |epochs| self.steps_of(epochs))
    }

    /// Whole batches in a number of epochs.
    fn steps_of(&self, epochs: f64) -> u64 {
        (epochs * self.builder.sampler.batches_per_epoch()).ceil() as u64
    }

    /// The learning rate of the next step.
    pub fn learning_rate(&self) -> f64 {
        let Position { step, .. } = self.position;
        let steps = self.position.steps(self.options.budget, |epochs| self.steps_of(epochs));
        self.options.schedule.rate(self.options.learning_rate, step, steps)
    }

    /// All that is needed to go on from here.
    ///
    /// # Errors
    /// When training has diverged.
    pub fn checkpoint(&self) -> Result<Checkpoint, Error> {
        Ok(Checkpoint {
            path: std::path::PathBuf::new(),
            options: self.options.clone(),
            weights: self.model.weights()?,
            average: self.average.as_ref().map(Model::weights).transpose()?,
            position: self.position,
            images: Fingerprint::of(self.builder.source.as_ref()),
            skipped: self.skipped.clone(),
            optimizer: self.optimizer.state(),
        })
    }
}
