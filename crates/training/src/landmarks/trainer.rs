//! The loop: views of a batch, a step, another batch.

use facenet::network::{Architecture, INPUT_CHANNELS, VIEW_SIZE};
use facenet::weights::{Weights, WeightsError};
use faces::landmarks::LandmarkFinder;
use ndarray::{Array2, Array4};

use super::border::VIEW;
use super::measure::{self, LandmarkMeasure};
use super::sample::Sample;
use crate::dataset::Pack;
use crate::small_network::{MarkedImages, Schedule, SmallNetwork};
use crate::{Budget, Error};

/// Distance of the eyes in sides of the view: the unit of errors.
const EYES: f32 = 0.36;
/// Errors, in sides of the view, below which the loss of a landmark is no longer linear.
const SOFT: f32 = 1e-3;

/// How to train the landmark network.
#[derive(Clone, Debug, PartialEq)]
pub struct LandmarkOptions {
    /// Seed of everything that is random. Default: 1.
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
    /// Weight of the cross-entropy of "face" and "no face" in the loss, against the mean
    /// error of the landmarks in eye distances. Default: 0.1.
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

/// Result of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LandmarkStep {
    /// Steps so far.
    pub step: u64,
    /// Mean error of a coordinate in eye distances, over the batch's faces.
    pub landmark_error: f64,
    /// Cross-entropy of the scores.
    pub scores: f64,
}

/// A training of the landmark network.
pub struct LandmarkTrainer {
    images: MarkedImages,
    options: LandmarkOptions,
    network: SmallNetwork,
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
    ) -> Result<Self, Error> {
        let images = MarkedImages::new(pack)?;
        let LandmarkOptions { seed, budget, batch, learning_rate, weight_decay, .. } = options;
        let epoch = images.counts()[0] as f64 / batch as f64;
        let schedule = Schedule { budget, learning_rate, epoch };
        let architecture = Architecture::Landmarks;
        let network = SmallNetwork::new(architecture, initial, (seed, weight_decay), schedule);
        Ok(Self { images, options, network })
    }

    /// Images that are trained on, and those of people who are held out.
    pub fn images(&self) -> [usize; 2] {
        self.images.counts()
    }

    /// Views that were left out because their image cannot be read.
    pub fn unreadable(&self) -> u64 {
        self.images.unreadable()
    }

    /// Share of the budget that is spent, 0 to 1.
    pub fn progress(&self) -> f64 {
        self.network.progress()
    }

    /// Takes one step.
    ///
    /// # Errors
    /// When training diverges, or not two images of the batch can be read.
    pub fn step(&mut self) -> Result<LandmarkStep, Error> {
        let LandmarkOptions { score_weight, seed, batch, .. } = self.options;
        let place = [seed, self.network.steps(), batch as u64];
        let samples = self.images.batch(place, |_, photo, landmarks, random| {
            Ok(Sample::draw(photo.rgb(), landmarks, random))
        })?;
        let faces: Vec<usize> =
            (0..samples.len()).filter(|&i| samples[i].landmarks.is_some()).collect();
        let labels: Vec<usize> =
            samples.iter().map(|s| usize::from(s.landmarks.is_some())).collect();
        let (images, targets) = arrays(&samples);
        let (mut error, mut cross_entropy) = (0.0, 0.0);
        self.network.step(images, |tape, output| {
            let scores = output.slice_axis(1, 10..12).softmax_cross_entropy(&labels);
            cross_entropy = f64::from(scores.item());
            let loss = &scores * score_weight;
            if faces.is_empty() {
                return loss;
            }
            let found = output.slice_axis(1, 0..10).select_rows(&faces);
            let off = &found - &tape.constant(targets);
            let landmarks =
                off.square().add_scalar(SOFT * SOFT).sqrt().mean().mul_scalar(1.0 / EYES);
            error = f64::from(landmarks.item());
            &loss + &landmarks
        })?;
        Ok(LandmarkStep {
            step: self.network.steps(),
            landmark_error: error,
            scores: cross_entropy,
        })
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        self.network.weights()
    }

    /// How well landmarks of held-out people are found, and how well faces are
    /// distinguished from views of no face.
    ///
    /// # Errors
    /// When training has diverged.
    pub fn measure(&self) -> Result<LandmarkMeasure, Error> {
        let finder = LandmarkFinder::new(&self.weights()?);
        Ok(measure::measure(&finder, self.images.held_out(), self.options.seed))
    }
}

/// The views, and the ten numbers of each face.
fn arrays(samples: &[Sample]) -> (Array4<f32>, Array2<f32>) {
    let mut images = Vec::with_capacity(samples.len() * VIEW);
    let mut targets = Vec::new();
    for sample in samples {
        images.extend_from_slice(&sample.image);
        targets.extend(sample.landmarks.iter().flatten());
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
        let landmarks =
            faces::landmarks::TEMPLATE.map(|p| p.map(|v| (v * 88.4 / 96.0 + 11.8) as f32));
        let mut faces = 0;
        for seed in 0..200 {
            let sample = Sample::draw(&image, &landmarks, &mut Random::new(seed));
            assert!(sample.image.iter().all(|v| (0.0..=1.0).contains(v)), "seed {seed}");
            let Some(found) = sample.landmarks else { continue };
            faces += 1;
            assert!(found.iter().all(|v| v.abs() < 0.7), "seed {seed}: {found:?}");
            // Left eye left of the right one, as far as a face is rolled.
            assert!(found[0] < found[2], "seed {seed}: {found:?}");
        }
        assert!((110..170).contains(&faces), "{faces} of 200 are faces, expected 140");
    }
}
