//! One step: forward, loss, backward, clip, update.

use autograd::{Tape, Var};
use facenet::model::Forward;
use facenet::triplet::{Mining, Triplet, batch_loss, mine, squared_distances};
use ndarray::Ix2;

use super::super::Error;
use super::super::batches::Batch;
use super::super::losses::{Loss, MarginOptions, distillation, margin_softmax};
use super::{Trainer, TripletCount};

/// Result of a step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StepResult {
    pub(super) loss: Option<f64>,
    pub(super) gradient_norm: Option<f64>,
    pub(super) triplets: Option<TripletCount>,
}

impl Trainer {
    /// Learns from a batch, or counts why not. The weights stay as they are on an
    /// error.
    pub(super) fn learn(
        &mut self,
        tape: &Tape<f32>,
        batch: Batch,
        rate: f64,
    ) -> Result<StepResult, Error> {
        let Batch { images, identities, targets, unreadable } = batch;
        self.skipped.add(unreadable);
        if identities.len() < 2 {
            self.skipped.batches_too_small += 1;
            return Ok(StepResult::default());
        }
        let step = self.position.step;
        let diverged = |quantity, found| Error::Diverged { step, quantity, found };

        let leaves = self.model.parameters().leaves(tape);
        let images = tape.constant(images);
        let Forward { mut outputs, moments, stages } = self.model.train(&leaves, &images);
        let encodings = outputs.remove(0);
        // Their values are in the tape as far as they are needed.
        drop((stages, images));
        let (loss, triplets) = match self.options.loss {
            Loss::Triplet { margin, reduction, mining } => {
                let (mined, count) = find(&encodings, mining, &identities, margin);
                if mined.is_empty() {
                    tape.clear();
                    self.skipped.batches_without_triplet += 1;
                    return Ok(StepResult { triplets: Some(count), ..StepResult::default() });
                }
                (batch_loss(&encodings, &mined, margin, reduction), Some(count))
            }
            Loss::Distillation { similarity_weight, margin } => {
                let Some(mut targets) = targets else { return Err(Error::NoTargets) };
                let Some(centers) = &self.centers else { return Err(Error::NoTargets) };
                centers.draw(&mut targets, &identities, self.options.center_share as f32);
                let loss = distillation(&encodings, &tape.constant(targets), similarity_weight);
                let loss = match margin {
                    None => loss,
                    Some(MarginOptions { weight, scale, margin }) => {
                        let rows: Vec<_> = identities.iter().map(|&i| centers.row(i)).collect();
                        let centers = centers.values();
                        let beside = margin_softmax(&encodings, centers, &rows, scale, margin);
                        loss.add(&beside.mul_scalar(weight as f32))
                    }
                };
                (loss, None)
            }
        };
        drop(encodings);
        let value = f64::from(loss.item());
        if !value.is_finite() {
            return Err(diverged("loss", value));
        }
        let mut gradients = leaves.collect(loss.backward())?;
        let norm = match self.options.clip_norm {
            Some(greatest) => gradients.clip_norm(greatest),
            None => gradients.norm(),
        };
        if !norm.is_finite() {
            return Err(diverged("gradient's norm", norm));
        }
        self.model.update(&mut self.optimizer, &gradients, rate);

        let share = self.position.absorb(self.options.statistics_momentum);
        self.model.absorb(&moments, share);
        self.position.shown += identities.len() as u64;
        if let Some(average) = &mut self.average {
            average.approach(&self.model, 1.0 - self.position.kept(self.options.average_decay));
        }
        Ok(StepResult { loss: Some(value), gradient_norm: Some(norm), triplets })
    }
}

/// The batch's triplets, and how many of them cost something.
fn find(
    encodings: &Var<f32>,
    mining: Mining,
    identities: &[u32],
    margin: f64,
) -> (Vec<Triplet>, TripletCount) {
    let Ok(rows) = encodings.value().into_dimensionality::<Ix2>() else {
        unreachable!("encodings are rows")
    };
    let distances = squared_distances(rows);
    let mined = mine(mining, distances.view(), identities, margin);
    let costs = |&&Triplet { anchor, positive, negative }: &&Triplet| {
        distances[[anchor, positive]] - distances[[anchor, negative]] + margin as f32 > 0.0
    };
    let active = mined.iter().filter(costs).count();
    let count = TripletCount { mined: mined.len(), active };
    (mined, count)
}
