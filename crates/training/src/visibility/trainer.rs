//! The loop: covered faces of a batch, a step, another batch.

use autograd::Var;
use facenet::network::{Architecture, INPUT_CHANNELS, VISIBILITY_SIZE};
use facenet::weights::{Weights, WeightsError};
use faces::VisibilityNetwork;
use ndarray::{Array3, Array4};
use rayon::prelude::*;

use super::sample::{Covers, IMAGE, Sample};
use crate::dataset::Pack;
use crate::random::{self, Purpose};
use crate::small_network::{MarkedImages, Schedule, SmallNetwork};
use crate::{Budget, Error};

/// Part of the samples that nothing is painted over.
const PLAIN: f64 = 0.3;

/// How to train the network that tells what can be seen.
#[derive(Clone, Debug, PartialEq)]
pub struct VisibilityOptions {
    /// Seed of everything that is random. Default: 1.
    pub seed: u64,
    /// When to end. Default: 12,000 steps.
    pub budget: Budget,
    /// Faces in a batch. Default: 64.
    pub batch: usize,
    /// The highest learning rate; it rises over 200 steps and falls to nothing along a
    /// cosine. Default: 2e-3.
    pub learning_rate: f64,
    /// Pull of kernels toward zero. Default: 1e-3.
    pub weight_decay: f64,
}

impl Default for VisibilityOptions {
    fn default() -> Self {
        Self {
            seed: 1,
            budget: Budget::Steps(12_000),
            batch: 64,
            learning_rate: 2e-3,
            weight_decay: 1e-3,
        }
    }
}

/// Result of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VisibilityStep {
    /// Steps so far.
    pub step: u64,
    /// Cross-entropy of the mouth's scores.
    pub mouth: f64,
    /// The same of the eyes'.
    pub eyes: f64,
}

/// A measure on people who were not trained on, with covers that are painted as in training;
/// of mouth, then of eyes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VisibilityMeasure {
    /// Faces that nothing was painted over.
    pub plain: usize,
    /// Share of them that are taken for covered. Some are: people wear sunglasses.
    pub false_alarms: [f64; 2],
    /// Faces over whose mouth, and over whose eyes something was painted.
    pub covered: [usize; 2],
    /// Share of them that are taken for covered.
    pub found: [f64; 2],
    /// The sureness that one in a thousand plain faces is below, and one in two hundred.
    pub low: [[f32; 2]; 2],
}

/// A training of the network that tells what can be seen.
pub struct VisibilityTrainer {
    images: MarkedImages,
    options: VisibilityOptions,
    network: SmallNetwork,
}

impl VisibilityTrainer {
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
        options: VisibilityOptions,
    ) -> Result<Self, Error> {
        let images = MarkedImages::new(pack)?;
        let VisibilityOptions { seed, budget, batch, learning_rate, weight_decay } = options;
        let epoch = images.counts()[0] as f64 / batch as f64;
        let schedule = Schedule { budget, learning_rate, epoch };
        let architecture = Architecture::Visibility;
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
    pub fn step(&mut self) -> Result<VisibilityStep, Error> {
        let place = [self.options.seed, self.network.steps(), self.options.batch as u64];
        let samples = self.images.batch(place, |images, photo, landmarks, random| {
            let (other, _) = images.any(random)?;
            let covers = if random.uniform() < PLAIN { Covers::None } else { Covers::Any };
            let sample = Sample::draw(photo.rgb(), landmarks, other.rgb(), covers, random);
            sample.ok_or_else(|| "landmarks on a line".to_owned())
        })?;
        let mut losses = [0.0; 2];
        self.network.step(images_of(&samples), |tape, output| {
            let [mouth, eyes] = [0, 1].map(|part| {
                let loss = cross_entropy(output, &samples, part);
                losses[part] = loss.as_ref().map_or(0.0, |loss| f64::from(loss.item()));
                loss
            });
            match (mouth, eyes) {
                (Some(mouth), Some(eyes)) => &mouth + &eyes,
                (Some(one), None) | (None, Some(one)) => one,
                (None, None) => tape.constant(ndarray::arr0(0.0)),
            }
        })?;
        let [mouth, eyes] = losses;
        Ok(VisibilityStep { step: self.network.steps(), mouth, eyes })
    }

    /// The weights as they are now.
    ///
    /// # Errors
    /// Names the first tensor that is not finite: training has diverged.
    pub fn weights(&self) -> Result<Weights, WeightsError> {
        self.network.weights()
    }

    /// How often covers over the faces of held-out people are found, and how often plain faces
    /// are taken for covered: those of which the network is less sure than `least`, of mouth and
    /// of eyes.
    ///
    /// # Errors
    /// When training has diverged.
    pub fn measure(&self, least: [f32; 2]) -> Result<VisibilityMeasure, Error> {
        let network = VisibilityNetwork::new(&self.weights()?);
        let images = self.images.held_out();
        let seed = self.options.seed;
        let look = |place: usize, covers: Covers| {
            let mut random = random::at(seed, Purpose::HeldOut, [2 + covers as u64, place as u64]);
            let (photo, landmarks) = &images[place];
            let (other, _) = &images[random.below(images.len())];
            let sample = Sample::draw(photo.rgb(), landmarks, other.rgb(), covers, &mut random)?;
            let shape = (INPUT_CHANNELS, VISIBILITY_SIZE, VISIBILITY_SIZE);
            let image = Array3::from_shape_vec(shape, sample.image).ok()?;
            let found = network.estimate_half(image.view());
            Some((sample.seen, [found.mouth, found.eyes]))
        };
        let all = |covers| -> Vec<_> {
            (0..images.len()).into_par_iter().filter_map(|place| look(place, covers)).collect()
        };
        let (plain, covered) = (all(Covers::None), all(Covers::Any));
        let mut measure = VisibilityMeasure { plain: plain.len(), ..VisibilityMeasure::default() };
        for part in 0..2 {
            let mut sure: Vec<f32> = plain.iter().map(|(_, found)| found[part]).collect();
            sure.sort_by(f32::total_cmp);
            let below = |values: &[f32]| values.iter().filter(|&&v| v < least[part]).count();
            let share = |count: usize, of: usize| count as f64 / of.max(1) as f64;
            measure.false_alarms[part] = share(below(&sure), sure.len());
            measure.low[part] = [0.001, 0.005].map(|share| {
                let at = (share * sure.len() as f64) as usize;
                sure.get(at).copied().unwrap_or_default()
            });
            let hidden: Vec<f32> = covered
                .iter()
                .filter(|(seen, _)| seen[part] == Some(false))
                .map(|(_, found)| found[part])
                .collect();
            measure.covered[part] = hidden.len();
            measure.found[part] = share(below(&hidden), hidden.len());
        }
        Ok(measure)
    }
}

/// The cross-entropy of the scores of mouth, 0, or eyes, 1, over the samples in which it is
/// clear whether they can be seen.
fn cross_entropy(output: &Var<f32>, samples: &[Sample], part: usize) -> Option<Var<f32>> {
    let clear: Vec<usize> =
        (0..samples.len()).filter(|&i| samples[i].seen[part].is_some()).collect();
    let labels: Vec<usize> =
        samples.iter().filter_map(|sample| sample.seen[part]).map(usize::from).collect();
    let scores = || output.slice_axis(1, 2 * part..2 * part + 2).select_rows(&clear);
    (!clear.is_empty()).then(|| scores().softmax_cross_entropy(&labels))
}

/// The images of samples as a batch.
fn images_of(samples: &[Sample]) -> Array4<f32> {
    let mut images = Vec::with_capacity(samples.len() * IMAGE);
    samples.iter().for_each(|sample| images.extend_from_slice(&sample.image));
    let shape = (samples.len(), INPUT_CHANNELS, VISIBILITY_SIZE, VISIBILITY_SIZE);
    Array4::from_shape_vec(shape, images).expect("every image has its size")
}
