//! One step: scenes, forward, losses, backward, clip, update.

use autograd::{Tape, Var};
use facenet::network::INPUT_CHANNELS;
use facenet::network::detector::{BOX, CHANNELS, LANDMARKS, SCORE};
use ndarray::{Array2, Array4};

use super::super::assignment::{Targets, assign};
use super::super::losses::{giou, iou, laplace, quality_focal};
use super::super::options::DetectorOptions;
use super::super::scene::{Composer, Scene};
use super::{DetectorStep, DetectorTrainer};
use crate::Error;
use crate::batches::Unreadable;
use crate::random::{self, Purpose};

/// Makes batches by number. Clones make the same ones.
#[derive(Clone)]
pub(super) struct BatchMaker {
    pub(super) composer: Composer,
    pub(super) seed: u64,
    pub(super) scenes: usize,
}

/// Scenes that go through the network together.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    /// `(n, 3, side, side)`, RGB in 0..1.
    pub(super) images: Array4<f32>,
    pub(super) targets: Targets,
    /// Scenes with a picture that cannot be read; they are not among the images.
    pub(super) unreadable: Vec<Unreadable>,
}

impl BatchMaker {
    /// Batch `number`, from 0.
    pub(super) fn batch(&self, number: u64) -> Batch {
        let (mut scenes, mut unreadable) = (Vec::with_capacity(self.scenes), Vec::new());
        for place in 0..self.scenes as u64 {
            let mut random = random::at(self.seed, Purpose::Scene, [number, place]);
            match self.composer.scene(&mut random) {
                Ok(scene) => scenes.push(scene),
                Err(failed) => unreadable.push(failed),
            }
        }
        let faces: Vec<_> = scenes.iter().map(|scene| &scene.faces[..]).collect();
        let targets = match scenes.first() {
            Some(first) => assign(&faces, first.side),
            None => Targets::default(),
        };
        Batch { images: images(&scenes), targets, unreadable }
    }
}

/// Scenes of one size as a batch.
pub(in super::super) fn images(scenes: &[Scene]) -> Array4<f32> {
    let side = scenes.first().map_or(0, |scene| scene.side);
    let planes: Vec<_> = scenes.iter().map(|scene| &scene.planes[..]).collect();
    let values = planes.concat();
    let shape = (scenes.len(), INPUT_CHANNELS, side, side);
    match Array4::from_shape_vec(shape, values) {
        Ok(images) => images,
        Err(_) => unreachable!("all scenes of a composer have one size"),
    }
}

/// The three losses of a batch.
pub(super) struct Losses {
    /// Divided by the number of cells that answer for a face, or by one.
    pub(super) score: Var<f32>,
    /// Means over those cells; none where there are none.
    pub(super) box_and_landmarks: Option<[Var<f32>; 2]>,
}

/// The losses of the network's outputs `(n, 16, side / stride, side / stride)`.
pub(super) fn losses(outputs: &[Var<f32>], targets: &Targets) -> Losses {
    let rows: Vec<_> = outputs.iter().map(rows).collect();
    let rows = Var::concat(0, &rows.iter().collect::<Vec<_>>());
    let cells = rows.shape()[0];
    assert_eq!(cells, targets.weights.len(), "losses: targets of another size");
    let positives = &targets.positives;
    let chosen: Vec<_> = positives.iter().map(|positive| positive.cell).collect();
    let mut qualities = vec![0.0; cells];
    let own = (!chosen.is_empty()).then(|| rows.select_rows(&chosen));
    if let Some(own) = &own {
        let values = own.value();
        for (row, positive) in positives.iter().enumerate() {
            let distances = std::array::from_fn(|i| values[[row, BOX + i]].exp());
            qualities[positive.cell] = iou(distances, positive.sides);
        }
    }
    let share = 1.0 / positives.len().max(1) as f32;
    let logits = rows.slice_axis(1, SCORE..SCORE + 1).reshape(&[cells]);
    let score = quality_focal(&logits, &qualities, &targets.weights).mul_scalar(share);
    let box_and_landmarks = own.map(|own| {
        let n = positives.len();
        let ones = vec![1.0; n];
        let sides = Array2::from_shape_fn((n, 4), |(row, i)| positives[row].sides[i]);
        let points = Array2::from_shape_fn((n, 10), |(row, i)| positives[row].landmarks[i]);
        let sizes: Vec<_> = positives.iter().map(|positive| positive.size).collect();
        let box_ = giou(&own.slice_axis(1, BOX..BOX + 4), sides.view(), &ones);
        let landmarks =
            laplace(&own.slice_axis(1, LANDMARKS..CHANNELS), points.view(), &sizes, &ones);
        [box_, landmarks].map(|loss| loss.mul_scalar(share))
    });
    Losses { score, box_and_landmarks }
}

/// A row a cell, image by image, each row by row.
fn rows(output: &Var<f32>) -> Var<f32> {
    let &[n, channels, h, w] = output.shape() else {
        panic!("losses: an output of shape {:?}", output.shape())
    };
    assert_eq!(channels, CHANNELS, "losses: channels of an output");
    output.permute(&[0, 2, 3, 1]).reshape(&[n * h * w, channels])
}

impl DetectorTrainer {
    /// Learns from a batch, or counts why not. The weights stay as they are on an error.
    pub(super) fn learn(
        &mut self,
        tape: &Tape<f32>,
        batch: Batch,
        rate: f64,
    ) -> Result<DetectorStep, Error> {
        let Batch { images, targets, unreadable } = batch;
        self.skipped.add(unreadable);
        let scenes = images.dim().0;
        if scenes < 2 {
            self.skipped.batches_too_small += 1;
            return Ok(DetectorStep::default());
        }
        let step = self.position.step;
        let diverged = |quantity, found| Error::Diverged { step, quantity, found };
        let DetectorOptions { box_weight, landmark_weight, clip_norm, .. } = self.options;

        let leaves = self.model.parameters().leaves(tape);
        let forward = self.model.train(&leaves, &tape.constant(images));
        let moments = forward.moments;
        let Losses { score, box_and_landmarks } = losses(&forward.outputs, &targets);
        drop((forward.outputs, forward.stages));
        let number = |loss: &Var<f32>| f64::from(loss.item());
        let (mut loss, mut parts) = (score.clone(), [number(&score), 0.0, 0.0]);
        if let Some([box_, landmarks]) = box_and_landmarks {
            parts = [number(&score), number(&box_), number(&landmarks)];
            loss = loss
                .add(&box_.mul_scalar(box_weight as f32))
                .add(&landmarks.mul_scalar(landmark_weight as f32));
        }
        let value = number(&loss);
        if !value.is_finite() {
            return Err(diverged("loss", value));
        }
        let mut gradients = leaves.collect(loss.backward())?;
        let norm = gradients.clip_norm(clip_norm);
        if !norm.is_finite() {
            return Err(diverged("gradient's norm", norm));
        }
        self.model.update(&mut self.optimizer, &gradients, rate);

        let share = self.position.absorb(self.options.statistics_momentum);
        self.model.absorb(&moments, share);
        self.position.shown += scenes as u64;
        if let Some(average) = &mut self.average {
            average.approach(&self.model, 1.0 - self.position.kept(self.options.average_decay));
        }
        Ok(DetectorStep {
            scenes,
            cells: targets.positives.len(),
            score_loss: parts[0],
            box_loss: parts[1],
            landmark_loss: parts[2],
            gradient_norm: norm,
            ..DetectorStep::default()
        })
    }
}
