//! The loop: views of a batch, a step, another batch.

use std::f64::consts::PI;
use std::time::Instant;

use autograd::optimizer::AdamW;
use autograd::{Optimizer, Tape};
use facenet::model::Model;
use facenet::network::{Architecture, INPUT_CHANNELS, VIEW_SIZE};
use facenet::weights::{Weights, WeightsError};
use faces::landmarks::LandmarkFinder;
use faces::{DecodeLimits, Landmarks, Photo};
use ndarray::{Array2, Array4};
use rayon::prelude::*;

use super::measure::{self, LandmarkMeasure};
use super::sample::{Sample, VIEW};
use crate::dataset::Pack;
use crate::random::{self, Purpose};
use crate::{Budget, TrainingError};

/// One in so many people is held out.
const HELD_OUT: i32 = 20;
/// Steps of the rising learning rate.
const WARM_UP: f64 = 200.0;
/// The eyes' distance in sides of the view: errors count in it.
const EYES: f32 = 0.36;
/// Errors, in sides of the view, below which the pull of a point fades.
const SOFT: f32 = 1e-3;
/// The share of a batch in batch-norm's running statistics.
const MOMENTUM: f64 = 0.01;

/// How to train the landmark network.
#[derive(Clone, Debug, PartialEq)]
pub struct LandmarkOptions {
    /// Of everything that is random. Default: 1.
    pub seed: u64,
    /// When to end. Default: 12,000 steps.
    pub budget: Budget,
    /// Views in a batch. Default: 64.
    pub batch: usize,
    /// The highest learning rate; it rises over 200 steps and falls to nothing along a
    /// cosine. Default: 2e-3.
    pub learning_rate: f64,
    /// Pull of kernels toward zero. Default: 1e-3.
    pub weight_decay: f64,
    /// What the scores of "face" and "no face" weigh in the loss, against the mean error
    /// of the points in eye distances. Default: 0.1.
    pub score_weight: f32,
}

impl Default for LandmarkOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            budget: Budget::Steps(12_000),
            batch: 64,
            learning_rate: 2e-3,
            weight_decay: 1e-3,
            score_weight: 0.1,
        }
    }
}

/// What a step came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LandmarkStep {
    /// Steps so far.
    pub step: u64,
    /// Mean error of a coordinate in eye distances, over the batch's faces.
    pub points: f64,
    /// Cross-entropy of the scores.
    pub scores: f64,
}

/// A training of the landmark network.
pub struct LandmarkTrainer {
    pack: Pack,
    options: LandmarkOptions,
    model: Model,
    optimizer: Optimizer<f32>,
    tape: Tape<f32>,
    /// Images that are trained on, and those that are not.
    images: Vec<usize>,
    held_out: Vec<usize>,
    step: u64,
    start: Instant,
    /// Batches in batch-norm's statistics; of given weights as many as count.
    absorbed: u64,
    unreadable: u64,
}

impl LandmarkTrainer {
    /// A training on a pack with landmarks, from these weights or random ones.
    ///
    /// # Errors
    /// When the pack has no landmarks, or no image with any.
    ///
    /// # Panics
    /// If the weights are another network's.
    pub fn new(
        pack: Pack,
        initial: Option<&Weights>,
        options: LandmarkOptions,
    ) -> Result<Self, TrainingError> {
        if !pack.has_landmarks() {
            let folder = pack.folder().to_path_buf();
            return Err(TrainingError::PackLacks { folder, part: "landmarks (landmarks.npy)" });
        }
        let person = |index: usize| pack.identities().map_or(index as i32, |people| people[index]);
        let with_points = (0..pack.len()).filter(|&index| pack.landmarks(index).is_some());
        let (held_out, images): (Vec<_>, Vec<_>) =
            with_points.partition(|&index| person(index) % HELD_OUT == 0);
        if images.is_empty() {
            return Err(TrainingError::NoImages);
        }
        let (network, decay) = (Architecture::Landmarks, options.weight_decay);
        let model = match initial {
            Some(weights) => Model::from_weights(network, weights, decay),
            None => Model::random(network, options.seed, decay),
        };
        let absorbed = if initial.is_some() { (1.0 / MOMENTUM) as u64 } else { 0 };
        let optimizer = Optimizer::new(AdamW::default(), model.parameters());
        let tape = Tape::new();
        Ok(Self {
            pack,
            options,
            model,
            optimizer,
            tape,
            images,
            held_out,
            step: 0,
            start: Instant::now(),
            absorbed,
            unreadable: 0,
        })
    }

    /// Images that are trained on, and those of people who are held out.
    pub fn images(&self) -> [usize; 2] {
        [self.images.len(), self.held_out.len()]
    }

    /// Views that were left out because their image cannot be read.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// Share of the budget that is spent, 0 to 1.
    pub fn progress(&self) -> f64 {
        let per_epoch = self.images.len() as f64 / self.options.batch as f64;
        let spent = match self.options.budget {
            Budget::Steps(steps) => self.step as f64 / steps as f64,
            Budget::Epochs(epochs) => self.step as f64 / (epochs * per_epoch),
            Budget::Minutes(minutes) => self.start.elapsed().as_secs_f64() / (60.0 * minutes),
        };
        // Of nothing everything is spent.
        if spent < 1.0 { spent } else { 1.0 }
    }

    /// The learning rate of the next step: up in a straight line, then down along half a
    /// cosine wave.
    fn learning_rate(&self) -> f64 {
        let warm = ((self.step + 1) as f64 / WARM_UP).min(1.0);
        warm * self.options.learning_rate * (1.0 + (PI * self.progress()).cos()) / 2.0
    }

    /// Takes one step.
    ///
    /// # Errors
    /// When training diverges, or not a single image of the batch can be read.
    pub fn step(&mut self) -> Result<LandmarkStep, TrainingError> {
        let LandmarkOptions { score_weight, .. } = self.options;
        let rate = self.learning_rate();
        let samples = self.batch()?;
        let faces: Vec<usize> =
            (0..samples.len()).filter(|&i| samples[i].points.is_some()).collect();
        let labels: Vec<usize> = samples.iter().map(|s| usize::from(s.points.is_some())).collect();
        let (images, targets) = arrays(&samples);

        let leaves = self.model.parameters().leaves(&self.tape);
        let images = self.tape.constant(images);
        let forward = self.model.train(&leaves, &images);
        let scores = forward.output().slice_axis(1, 10..12).softmax_cross_entropy(&labels);
        let mut loss = &scores * score_weight;
        let mut error = 0.0;
        if !faces.is_empty() {
            let found = forward.output().slice_axis(1, 0..10).select_rows(&faces);
            let off = &found - &self.tape.constant(targets);
            let points = off.square().add_scalar(SOFT * SOFT).sqrt().mean().mul_scalar(1.0 / EYES);
            error = f64::from(points.item());
            loss = &loss + &points;
        }
        let cross_entropy = f64::from(scores.item());
        let value = f64::from(loss.item());
        if !value.is_finite() {
            let step = self.step;
            return Err(TrainingError::Diverged { step, quantity: "loss", found: value });
        }
        let mut gradients = leaves.collect(loss.backward())?;
        gradients.clip_norm(5.0);
        self.model.update(&mut self.optimizer, &gradients, rate);
        self.step += 1;
        self.absorbed += 1;
        self.model.absorb(&forward.moments, MOMENTUM.max(1.0 / self.absorbed as f64));
        Ok(LandmarkStep { step: self.step, points: error, scores: cross_entropy })
    }

    /// The views of the next batch.
    fn batch(&mut self) -> Result<Vec<Sample>, TrainingError> {
        let LandmarkOptions { seed, batch, .. } = self.options;
        let drawn: Vec<_> = (0..batch as u64)
            .into_par_iter()
            .map(|place| {
                let mut random = random::at(seed, Purpose::Augmentation, [self.step, place]);
                let index = self.images[random.below(self.images.len())];
                let (photo, points) = read(&self.pack, index)?;
                Ok(Sample::draw(photo.rgb(), &points, &mut random))
            })
            .collect();
        let (samples, failed): (Vec<_>, Vec<Result<_, String>>) =
            drawn.into_iter().partition(Result::is_ok);
        self.unreadable += failed.len() as u64;
        let samples: Vec<Sample> = samples.into_iter().flatten().collect();
        match failed.into_iter().find_map(Result::err) {
            // Batch-norm needs two.
            Some(reason) if samples.len() < 2 => Err(TrainingError::NothingReadable {
                images: batch,
                name: self.pack.folder().display().to_string(),
                reason,
            }),
            _ => Ok(samples),
        }
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        self.model.weights()
    }

    /// How well landmarks of held-out people are found, and how well faces are
    /// distinguished from views of no face.
    ///
    /// # Errors
    /// When training has diverged.
    pub fn measure(&self) -> Result<LandmarkMeasure, TrainingError> {
        let finder = LandmarkFinder::new(&self.weights()?);
        let readable = self.held_out.iter().filter_map(|&index| read(&self.pack, index).ok());
        Ok(measure::measure(&finder, readable.collect(), self.options.seed))
    }
}

/// A photo with its landmarks.
fn read(pack: &Pack, index: usize) -> Result<(Photo, Landmarks), String> {
    let bytes = pack.image(index).map_err(|error| error.to_string())?;
    let photo = Photo::from_bytes(&bytes, "image", &DecodeLimits::default())
        .map_err(|error| error.to_string())?;
    match pack.landmarks(index) {
        Some(landmarks) => Ok((photo, landmarks)),
        None => Err("no landmarks".into()),
    }
}

/// The views, and the ten numbers of each face.
fn arrays(samples: &[Sample]) -> (Array4<f32>, Array2<f32>) {
    let mut images = Vec::with_capacity(samples.len() * VIEW);
    let mut targets = Vec::new();
    for sample in samples {
        images.extend_from_slice(&sample.image);
        targets.extend(sample.points.iter().flatten());
    }
    let shape = (samples.len(), INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE);
    let rows = targets.len() / 10;
    (
        Array4::from_shape_vec(shape, images).expect("every view has its size"),
        Array2::from_shape_vec((rows, 10), targets).expect("ten numbers a face"),
    )
}

#[cfg(test)]
mod tests {
    use tensor::Random;

    use super::*;

    #[test]
    fn every_sample_is_a_image_and_faces_have_points_in_the_view() {
        let image = image::RgbImage::from_fn(112, 112, |x, y| {
            image::Rgb([(2 * x) as u8, (x * y / 50) as u8, 200 - (x / 2 + y) as u8])
        });
        let points = faces::landmarks::TEMPLATE.map(|p| p.map(|v| (v * 88.4 / 96.0 + 11.8) as f32));
        let mut faces = 0;
        for seed in 0..200 {
            let sample = Sample::draw(&image, &points, &mut Random::new(seed));
            assert!(sample.image.iter().all(|v| (0.0..=1.0).contains(v)), "seed {seed}");
            let Some(found) = sample.points else { continue };
            faces += 1;
            assert!(found.iter().all(|v| v.abs() < 0.7), "seed {seed}: {found:?}");
            // Left eye left of the right one, as far as a face is rolled.
            assert!(found[0] < found[2], "seed {seed}: {found:?}");
        }
        assert!((110..170).contains(&faces), "{faces} of 200 are faces, expected 140");
    }
}
