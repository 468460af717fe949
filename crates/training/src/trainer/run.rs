//! Runs steps until the budget is spent or a stop is requested.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use autograd::Tape;
use facenet::engine::Engine;

use super::super::batches::{Batch, Loader};
use super::super::{Error, checkpoint};
use super::{Event, StepMetrics, Trainer};

/// How to run: nothing of it changes the result.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOptions {
    /// Threads that load images; the step itself has rayon's.
    pub loading_threads: usize,
    /// How often held-out images are measured; at the end too, if ever.
    pub measure: Option<Interval>,
    /// How often a checkpoint is written; at the end too, if ever.
    pub checkpoint: Option<Interval>,
    /// The folder of checkpoints. None are written without.
    pub folder: Option<PathBuf>,
}

impl Default for RunOptions {
    /// One thread; a measure every 500 steps; a checkpoint every two minutes, if
    /// there is a folder.
    fn default() -> Self {
        Self {
            loading_threads: 1,
            measure: Some(Interval::Steps(500)),
            checkpoint: Some(Interval::Time(Duration::from_secs(120))),
            folder: None,
        }
    }
}

/// How often something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interval {
    /// After every so many steps, counted from the beginning of the training.
    Steps(u64),
    /// After so much time.
    Time(Duration),
}

/// Why a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The budget is spent.
    Finished,
    /// It was stopped, and can be resumed.
    Stopped,
}

impl Trainer {
    /// Trains until the budget is spent or `stop` is set, which is looked at after
    /// every step. Either way the last state is written, if there is a folder.
    ///
    /// `observe` is called after every step, measure and checkpoint, on this
    /// thread.
    ///
    /// # Errors
    /// When training diverges, a checkpoint cannot be written, the held-out
    /// measure fails, or no image can be read. The trainer is as after its last
    /// good step then.
    pub fn run(
        &mut self,
        options: &RunOptions,
        stop: &AtomicBool,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<Outcome, Error> {
        let threads = options.loading_threads;
        // One for all steps: it keeps their memory.
        let tape = Tape::new();
        let mut loader = None;
        let (mut measure, mut save) = (Timer::new(options.measure), Timer::new(options.checkpoint));
        let mut clock = Clock(Instant::now());
        let outcome = loop {
            if self.progress() >= 1.0 {
                break Outcome::Finished;
            }
            if stop.load(Ordering::Relaxed) {
                break Outcome::Stopped;
            }
            let loader = match &mut loader {
                Some(loader) => loader,
                none => {
                    let mut builder = self.builder.clone();
                    let make = move |number| builder.batch(number);
                    let loader = Loader::start(make, self.position.step, threads);
                    none.insert(loader.map_err(Error::Thread)?)
                }
            };
            let metrics = self.take_step(&tape, loader, &mut clock)?;
            observe(Event::Step(&metrics));
            let step = self.position.step;
            if measure.is_due(step) {
                self.measure(observe)?;
            }
            if save.is_due(step) {
                self.position.seconds += clock.lap();
                self.save(options, observe)?;
            }
        };
        drop(loader);
        let step = self.position.step;
        if outcome == Outcome::Finished && measure.is_pending(step) {
            self.measure(observe)?;
        }
        if save.is_pending(step) {
            self.save(options, observe)?;
        }
        Ok(outcome)
    }

    fn take_step(
        &mut self,
        tape: &Tape<f32>,
        loader: &mut Loader<Batch>,
        clock: &mut Clock,
    ) -> Result<StepMetrics, Error> {
        let start = Instant::now();
        let batch = loader.next();
        let waiting = start.elapsed().as_secs_f64();
        let (images, learning_rate) = (batch.identities.len(), self.learning_rate());
        let result = self.learn(tape, batch, learning_rate)?;
        // A clock may be too coarse for a batch that was skipped.
        let seconds = start.elapsed().as_secs_f64().max(1e-9);
        self.position.step += 1;
        self.position.seconds += clock.lap();
        self.check_readable()?;
        Ok(StepMetrics {
            step: self.position.step,
            epoch: self.epoch(),
            progress: self.progress(),
            loss: result.loss,
            learning_rate,
            gradient_norm: result.gradient_norm,
            images,
            triplets: result.triplets,
            images_per_second: images as f64 / seconds,
            waiting,
            seconds: self.position.seconds,
        })
    }

    /// Ends a training that would show nothing for ever.
    fn check_readable(&self) -> Result<(), Error> {
        if self.position.shown > 0 || self.epoch() < 1.0 {
            return Ok(());
        }
        self.skipped.expect_none()
    }

    fn measure(&self, observe: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if let Some(held_out) = &self.held_out {
            let engine = Engine::new(self.options.variant, &self.weights()?);
            observe(Event::HeldOut(&held_out.measure(&engine, self.position.step)?));
        }
        Ok(())
    }

    fn save(&self, options: &RunOptions, observe: &mut dyn FnMut(Event<'_>)) -> Result<(), Error> {
        if let Some(folder) = &options.folder {
            let path = checkpoint::write(folder, &self.checkpoint()?)?;
            observe(Event::Checkpoint { step: self.position.step, path: &path });
        }
        Ok(())
    }
}

/// Measures the time that goes by in a run, whatever it goes by with.
pub(crate) struct Clock(pub(crate) Instant);

impl Clock {
    /// Seconds since the last call.
    pub(crate) fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let seconds = now.duration_since(self.0).as_secs_f64();
        self.0 = now;
        seconds
    }
}

/// When something was done last, and when it is to be done again.
pub(crate) struct Timer {
    interval: Option<Interval>,
    last_step: Option<u64>,
    last_time: Instant,
}

impl Timer {
    pub(crate) fn new(interval: Option<Interval>) -> Self {
        Self { interval, last_step: None, last_time: Instant::now() }
    }

    /// Whether it is to be done now; it then counts as done.
    pub(crate) fn is_due(&mut self, step: u64) -> bool {
        let due = match self.interval {
            None => false,
            Some(Interval::Steps(every)) => every > 0 && step.is_multiple_of(every),
            Some(Interval::Time(every)) => self.last_time.elapsed() >= every,
        };
        if due {
            self.last_step = Some(step);
            self.last_time = Instant::now();
        }
        due
    }

    /// Whether it is to be done at the end and was not just done.
    pub(crate) fn is_pending(&self, step: u64) -> bool {
        self.interval.is_some() && self.last_step != Some(step)
    }
}
