//! The loop: scenes of a batch, a step, another batch.

mod start;
mod step;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use autograd::{Optimizer, Tape};
use facenet::model::Model;
use facenet::weights::{Weights, WeightsError};
use serde::Serialize;

use super::measure::{self, DetectorMeasure};
use super::options::DetectorOptions;
use super::pictures::Pictures;
use super::scene::Composer;
use crate::Error;
use crate::batches::Loader;
use crate::checkpoint;
use crate::position::Position;
use crate::skipped::Skipped;
use crate::trainer::{Clock, Outcome, RunOptions, Timer};

pub(super) use step::images;
use step::{Batch, BatchMaker};

/// Something happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum DetectorEvent<'a> {
    /// A batch is done with.
    Step(&'a DetectorStep),
    /// Pictures that were held out were measured.
    Measured(&'a DetectorMeasure),
    /// A checkpoint was written.
    Checkpoint {
        /// Steps taken.
        step: u64,
        /// Its folder.
        path: &'a Path,
    },
}

/// Figures of one step. The losses are those of the batch, without their weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct DetectorStep {
    /// Steps taken, this one counted.
    pub step: u64,
    /// Share of the budget that is spent, 0 to 1.
    pub progress: f64,
    /// Scenes in the batch.
    pub scenes: usize,
    /// Cells that answered for a face.
    pub cells: usize,
    /// Quality focal loss, a cell that answers for a face.
    pub score_loss: f64,
    /// GIoU loss, mean over those cells.
    pub box_loss: f64,
    /// Negative log likelihood of the landmarks, mean over those cells.
    pub landmark_loss: f64,
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Length of all gradients as one vector, before it was clipped.
    pub gradient_norm: f64,
    /// Seconds of this step.
    pub seconds: f64,
    /// Part of the seconds that were spent waiting for scenes.
    pub waiting: f64,
}

/// A training of the detector.
pub struct DetectorTrainer {
    options: DetectorOptions,
    pictures: Arc<Pictures>,
    composer: Composer,
    /// Of the pictures that were held out.
    held_out: Composer,
    model: Model,
    average: Option<Model>,
    optimizer: Optimizer<f32>,
    position: Position,
    skipped: Skipped,
}

impl DetectorTrainer {
    /// Trains until the budget is spent or `stop` is set, which is looked at after every step.
    /// Either way the last state is written, if there is a folder.
    ///
    /// # Errors
    /// When training diverges, a checkpoint cannot be written, or no picture can be read.
    pub fn run(
        &mut self,
        options: &RunOptions,
        most_measured: usize,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(DetectorEvent<'_>),
    ) -> Result<Outcome, Error> {
        let tape = Tape::new();
        let mut loader = self.loader(options.loading_threads)?;
        let (mut measure, mut save) = (Timer::new(options.measure), Timer::new(options.checkpoint));
        let mut clock = Clock(Instant::now());
        let outcome = loop {
            if self.progress() >= 1.0 {
                break Outcome::Finished;
            }
            if stop.load(Ordering::Relaxed) {
                break Outcome::Stopped;
            }
            let metrics = self.take_step(&tape, &mut loader, &mut clock)?;
            observe(DetectorEvent::Step(&metrics));
            let step = self.position.step;
            if measure.is_due(step) {
                observe(DetectorEvent::Measured(&self.measure(most_measured)));
            }
            if save.is_due(step) {
                self.save(options, observe)?;
            }
            // Measuring and saving are not training.
            clock.lap();
        };
        drop(loader);
        if save.is_pending(self.position.step) {
            self.save(options, observe)?;
        }
        if outcome == Outcome::Finished && measure.is_pending(self.position.step) {
            observe(DetectorEvent::Measured(&self.measure(most_measured)));
        }
        Ok(outcome)
    }

    fn loader(&self, threads: usize) -> Result<Loader<Batch>, Error> {
        let DetectorOptions { seed, batch, .. } = self.options;
        let maker = BatchMaker { composer: self.composer.clone(), seed, scenes: batch };
        let make = move |number| maker.batch(number);
        Loader::start(make, self.position.step, threads).map_err(Error::Thread)
    }

    fn take_step(
        &mut self,
        tape: &Tape<f32>,
        loader: &mut Loader<Batch>,
        clock: &mut Clock,
    ) -> Result<DetectorStep, Error> {
        let start = Instant::now();
        let batch = loader.next();
        let waiting = start.elapsed().as_secs_f64();
        let learning_rate = self.learning_rate();
        let metrics = self.learn(tape, batch, learning_rate)?;
        self.position.step += 1;
        self.position.seconds += clock.lap();
        if self.position.shown == 0 && self.position.step >= 100 {
            self.skipped.expect_none()?;
        }
        Ok(DetectorStep {
            step: self.position.step,
            progress: self.progress(),
            learning_rate,
            seconds: start.elapsed().as_secs_f64(),
            waiting,
            ..metrics
        })
    }

    /// What is found of pictures that were held out, at most so many of each kind of scene.
    pub fn measure(&self, most: usize) -> DetectorMeasure {
        let DetectorOptions { side, seed, .. } = self.options;
        let model = self.average.as_ref().unwrap_or(&self.model);
        measure::measure(model, &self.held_out, side, seed, most)
    }

    /// How it trains.
    pub fn options(&self) -> &DetectorOptions {
        &self.options
    }

    /// Pictures with faces and without that are trained on.
    pub fn pictures(&self) -> [usize; 2] {
        self.composer.faces_and_grounds().map(<[usize]>::len)
    }

    /// The same of those that are held out.
    pub fn held_out(&self) -> [usize; 2] {
        self.held_out.faces_and_grounds().map(<[usize]>::len)
    }

    /// Batches so far.
    pub fn step(&self) -> u64 {
        self.position.step
    }

    /// Bad data so far.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// The weights to use: the moving average if there is one, else those of the last step.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        self.average.as_ref().unwrap_or(&self.model).weights()
    }

    fn steps_of(&self, epochs: f64) -> u64 {
        (epochs * self.pictures()[0] as f64 / self.options.batch as f64).ceil() as u64
    }

    /// Share of the budget that is spent, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.position.progress(self.options.budget, |epochs| self.steps_of(epochs))
    }

    fn learning_rate(&self) -> f64 {
        let Position { step, .. } = self.position;
        let steps = self.position.steps(self.options.budget, |epochs| self.steps_of(epochs));
        self.options.schedule.rate(self.options.learning_rate, step, steps)
    }

    fn save(
        &self,
        options: &RunOptions,
        observe: &mut dyn FnMut(DetectorEvent<'_>),
    ) -> Result<(), Error> {
        if let Some(folder) = &options.folder {
            let path = checkpoint::write(folder, &self.checkpoint()?)?;
            observe(DetectorEvent::Checkpoint { step: self.position.step, path: &path });
        }
        Ok(())
    }
}
