//! A training step as PyTorch's script takes it: forward, triplet loss over the thirds of the
//! batch, backward, Adam.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use autograd::Tape;
use autograd::optimizer::{Adam, Optimizer};
use facenet::model::Model;
use facenet::network::Variant;
use facenet::triplet::{MARGIN, Reduction, Triplet, batch_loss};
use ndarray::Array4;
use tensor::{Precision, Random};

/// So small that the loss, and with it every gradient, stays away from zero.
const RATE: f64 = 1e-7;
/// Fewest timed steps.
const LEAST: usize = 5;

/// Images of noise, 0 to 1, of which each batch is a beginning.
pub(super) fn images(batch: usize) -> Array4<f32> {
    let mut random = Random::at(1, &[0]);
    Array4::from_shape_simple_fn((batch, 3, 96, 96), || random.uniform() as f32)
}

/// Seconds of each step, timed for so long after a warm-up of a quarter of that.
pub(super) fn times(batch: usize, precision: Precision, seconds: f64) -> Result<Vec<f64>> {
    let mut model = Model::<f32>::random(Variant::HappyHouse, 0, 0.0);
    model.set_precision(precision);
    let mut optimizer = Optimizer::new(Adam::default(), model.parameters());
    let third = batch / 3;
    let triplet = |i| Triplet { anchor: i, positive: i + third, negative: i + 2 * third };
    let triplets: Vec<_> = (0..third).map(triplet).collect();
    let images = images(batch).into_shared();
    let tape = Tape::new();
    let mut step = || -> Result<f64> {
        let start = Instant::now();
        let leaves = model.parameters().leaves(&tape);
        let forward = model.train(&leaves, &tape.constant(images.clone()));
        let loss = batch_loss(forward.output(), &triplets, MARGIN, Reduction::Sum);
        let moments = forward.moments;
        drop((forward.outputs, forward.stages));
        let gradients = leaves.collect(loss.backward()).context("a layer is not in the loss")?;
        model.update(&mut optimizer, &gradients, RATE);
        model.absorb(&moments, 0.01);
        Ok(start.elapsed().as_secs_f64())
    };
    let whole = Duration::from_secs_f64(seconds);
    let start = Instant::now();
    while {
        step()?;
        start.elapsed() < whole / 4
    } {}
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < LEAST || start.elapsed() < whole {
        times.push(step()?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}
