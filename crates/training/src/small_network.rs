//! Shared by the trainings of the two small networks, for landmarks and for visibility: the
//! images of a pack with landmarks, the schedule, the step.

use std::f64::consts::PI;
use std::time::Instant;

use autograd::optimizer::AdamW;
use autograd::{Optimizer, Tape, Var};
use facenet::model::Model;
use facenet::network::Architecture;
use facenet::weights::{Weights, WeightsError};
use faces::{DecodeLimits, Landmarks, Photo};
use ndarray::Array4;
use rayon::prelude::*;
use tensor::Random;

use crate::dataset::Pack;
use crate::position::Position;
use crate::random::{self, Purpose};
use crate::{Budget, Error};

/// One in so many people is held out.
const HELD_OUT: i32 = 20;
/// Steps of the rising learning rate.
const WARM_UP: f64 = 200.0;
/// The share of a batch in batch-norm's running statistics.
const MOMENTUM: f64 = 0.01;

/// Gradients of a larger norm are scaled down to it.
const MOST_NORM: f64 = 5.0;

/// Images of a pack whose landmarks are known.
pub(crate) struct MarkedImages {
    pack: Pack,
    /// Positions of the images to train on, and of those held out.
    trained: Vec<usize>,
    held_out: Vec<usize>,
    /// Views that were left out because their image cannot be read.
    unreadable: u64,
}

impl MarkedImages {
    /// The images of a pack; one in twenty people is held out.
    ///
    /// # Errors
    /// When the pack has no landmarks, or no image with any.
    pub(crate) fn new(pack: Pack) -> Result<Self, Error> {
        if !pack.has_landmarks() {
            let folder = pack.folder().to_path_buf();
            return Err(Error::PackLacks { folder, part: "landmarks (landmarks.npy)" });
        }
        let person = |index: usize| pack.identities().map_or(index as i32, |people| people[index]);
        let marked = (0..pack.len()).filter(|&index| pack.landmarks(index).is_some());
        let (held_out, trained): (Vec<_>, Vec<_>) =
            marked.partition(|&index| person(index) % HELD_OUT == 0);
        if trained.is_empty() {
            return Err(Error::NoImages);
        }
        Ok(Self { pack, trained, held_out, unreadable: 0 })
    }

    /// How many are trained on, and how many are held out.
    pub(crate) fn counts(&self) -> [usize; 2] {
        [self.trained.len(), self.held_out.len()]
    }

    /// Views that were left out.
    pub(crate) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// A photo with its landmarks.
    fn read(&self, index: usize) -> Result<(Photo, Landmarks), String> {
        let bytes = self.pack.image(index).map_err(|error| error.to_string())?;
        let photo = Photo::from_bytes(&bytes, "image", &DecodeLimits::default())
            .map_err(|error| error.to_string())?;
        match self.pack.landmarks(index) {
            Some(landmarks) => Ok((photo, landmarks)),
            None => Err("no landmarks".into()),
        }
    }

    /// The held-out images that can be read.
    pub(crate) fn held_out(&self) -> Vec<(Photo, Landmarks)> {
        self.held_out.iter().filter_map(|&index| self.read(index).ok()).collect()
    }

    /// A random image.
    pub(crate) fn any(&self, random: &mut Random) -> Result<(Photo, Landmarks), String> {
        self.read(self.trained[random.below(self.trained.len())])
    }

    /// Samples of a batch, each of a random image, with a generator of its own.
    ///
    /// # Errors
    /// When not two images of the batch can be read.
    pub(crate) fn batch<S: Send>(
        &mut self,
        [seed, step, size]: [u64; 3],
        draw: impl Fn(&Self, &Photo, &Landmarks, &mut Random) -> Result<S, String> + Sync,
    ) -> Result<Vec<S>, Error> {
        let this = &*self;
        let one = |place: u64| {
            let mut random = random::at(seed, Purpose::Augmentation, [step, place]);
            let (photo, points) = this.any(&mut random)?;
            draw(this, &photo, &points, &mut random)
        };
        let drawn: Vec<_> = (0..size).into_par_iter().map(one).collect();
        let (samples, failed): (Vec<_>, Vec<Result<_, String>>) =
            drawn.into_iter().partition(Result::is_ok);
        self.unreadable += failed.len() as u64;
        let samples: Vec<S> = samples.into_iter().flatten().collect();
        match failed.into_iter().find_map(Result::err) {
            // Batch-norm needs two.
            Some(reason) if samples.len() < 2 => Err(Error::NothingReadable {
                images: size as usize,
                name: self.pack.folder().display().to_string(),
                reason,
            }),
            _ => Ok(samples),
        }
    }
}

/// How fast, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    pub(crate) budget: Budget,
    /// The highest learning rate.
    pub(crate) learning_rate: f64,
    /// Steps of an epoch.
    pub(crate) epoch: f64,
}

/// A small network, its optimizer and how far it has come.
pub(crate) struct SmallNetwork {
    model: Model,
    optimizer: Optimizer<f32>,
    tape: Tape<f32>,
    schedule: Schedule,
    position: Position,
    start: Instant,
}

impl SmallNetwork {
    /// From these weights or random ones.
    ///
    /// # Panics
    /// If the weights are another network's.
    pub(crate) fn new(
        network: Architecture,
        initial: Option<&Weights>,
        (seed, weight_decay): (u64, f64),
        schedule: Schedule,
    ) -> Self {
        let model = match initial {
            Some(weights) => Model::from_weights(network, weights, weight_decay),
            None => Model::random(network, seed, weight_decay),
        };
        // Given weights have as many batches in their statistics as count.
        let absorbed = if initial.is_some() { (1.0 / MOMENTUM) as u64 } else { 0 };
        let position = Position { absorbed, ..Position::default() };
        let optimizer = Optimizer::new(AdamW::default(), model.parameters());
        let (tape, start) = (Tape::new(), Instant::now());
        Self { model, optimizer, tape, schedule, position, start }
    }

    /// Steps so far.
    pub(crate) fn steps(&self) -> u64 {
        self.position.step
    }

    /// Share of the budget that is spent, 0 to 1.
    pub(crate) fn progress(&self) -> f64 {
        let position = Position { seconds: self.start.elapsed().as_secs_f64(), ..self.position };
        let steps_of = |epochs: f64| (epochs * self.schedule.epoch).round() as u64;
        position.progress(self.schedule.budget, steps_of)
    }

    /// The learning rate of the next step: up in a straight line, and over the whole budget down
    /// along half a cosine wave. A [`RateSchedule`](crate::RateSchedule) begins the wave after
    /// the warm-up; the weights that are shipped were trained by this one.
    fn learning_rate(&self) -> f64 {
        let warm = ((self.position.step + 1) as f64 / WARM_UP).min(1.0);
        warm * self.schedule.learning_rate * (1.0 + (PI * self.progress()).cos()) / 2.0
    }

    /// Takes one step down a loss of the network's output.
    ///
    /// # Errors
    /// When training diverges.
    pub(crate) fn step(
        &mut self,
        images: Array4<f32>,
        loss: impl FnOnce(&Tape<f32>, &Var<f32>) -> Var<f32>,
    ) -> Result<(), Error> {
        let rate = self.learning_rate();
        let leaves = self.model.parameters().leaves(&self.tape);
        let images = self.tape.constant(images);
        let forward = self.model.train(&leaves, &images);
        let loss = loss(&self.tape, forward.output());
        let value = f64::from(loss.item());
        if !value.is_finite() {
            let step = self.position.step;
            return Err(Error::Diverged { step, quantity: "loss", found: value });
        }
        let mut gradients = leaves.collect(loss.backward())?;
        gradients.clip_norm(MOST_NORM);
        self.model.update(&mut self.optimizer, &gradients, rate);
        self.position.step += 1;
        self.model.absorb(&forward.moments, self.position.absorb(MOMENTUM));
        Ok(())
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub(crate) fn weights(&self) -> Result<Weights, WeightsError> {
        self.model.weights()
    }
}
