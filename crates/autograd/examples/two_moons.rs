//! A small network learns to classify the points of two interleaved half circles.
//!
//! `cargo run -p autograd --example two_moons` takes well under a second and classifies at
//! least 98 % of new points correctly. It shows parameters in groups, one tape for all
//! steps, momentum, a cosine schedule, and evaluation without recording. The points are
//! generated from a fixed seed, so every run prints the same.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::f64::consts::PI;

use autograd::optimizer::{Optimizer, Sgd};
use autograd::{Error, Leaves, ParameterGroup, Parameters, Random, Schedule, Tape, Var, initial};
use ndarray::{Array1, Array2};

/// Neurons of each of the two hidden layers.
const HIDDEN: usize = 32;
/// Steps of training.
const STEPS: u64 = 400;
/// Points in a step.
const BATCH: usize = 64;

fn main() -> Result<(), Error> {
    println!("accuracy on new points: {:.1} %", 100.0 * train(1)?);
    Ok(())
}

/// Trains from `seed` and returns the share of 2,000 new points that are classified correctly.
pub(crate) fn train(seed: u64) -> Result<f64, Error> {
    let mut random = Random::new(seed);
    let mut parameters = parameters(&mut random)?;
    let mut optimizer = Optimizer::new(Sgd::default(), &parameters);
    let schedule = Schedule::Cosine { peak: 0.1, floor: 0.0, warm_up: 20, steps: STEPS };
    let tape = Tape::new();
    for step in 0..STEPS {
        let (points, labels) = moons(BATCH, &mut random);
        let leaves = parameters.leaves(&tape);
        let loss = scores(&leaves, &tape.constant(points)).softmax_cross_entropy(&labels);
        let gradients = leaves.collect(loss.backward())?;
        optimizer.step(&mut parameters, &gradients, schedule.rate(step));
    }
    let (points, labels) = moons(2000, &mut random);
    let scores = tape.no_grad(|| scores(&parameters.leaves(&tape), &tape.constant(points)));
    let right = labels.iter().enumerate().filter(|(row, label)| {
        let value = scores.value();
        usize::from(value[[*row, 1]] > value[[*row, 0]]) == **label
    });
    Ok(right.count() as f64 / labels.len() as f64)
}

/// Initial values of three dense layers: 2 → 32 → 32 → 2.
fn parameters(random: &mut Random) -> Result<Parameters<f32>, Error> {
    let mut parameters = Parameters::new();
    let weights = parameters.add_group(ParameterGroup { weight_decay: 1e-4, ..Default::default() });
    let biases = parameters.add_group(ParameterGroup::default());
    for (layer, shape) in [[HIDDEN, 2], [HIDDEN, HIDDEN], [2, HIDDEN]].iter().enumerate() {
        let weight = initial::he_normal(shape, random);
        parameters.insert(&format!("dense{layer}_w"), weight, weights)?;
        parameters.insert(&format!("dense{layer}_b"), Array1::zeros(shape[0]), biases)?;
    }
    Ok(parameters)
}

/// N × 2 scores of N × 2 points.
fn scores(leaves: &Leaves<'_, f32>, points: &Var<f32>) -> Var<f32> {
    let dense = |x: &Var<f32>, layer: usize| {
        let name = |suffix: &str| format!("dense{layer}_{suffix}");
        x.dense(&leaves[name("w").as_str()], Some(&leaves[name("b").as_str()]))
    };
    let hidden = dense(points, 0).relu();
    let hidden = dense(&hidden, 1).relu();
    dense(&hidden, 2)
}

/// Points on two half circles, with noise, and the number of the half circle of each.
fn moons(count: usize, random: &mut Random) -> (Array2<f32>, Vec<usize>) {
    let mut points = Array2::zeros((count, 2));
    let labels: Vec<usize> = (0..count).map(|_| random.below(2)).collect();
    for (mut point, label) in points.rows_mut().into_iter().zip(&labels) {
        let angle = PI * random.uniform();
        let [x, y] = match label {
            0 => [angle.cos(), angle.sin()],
            _ => [1.0 - angle.cos(), 0.5 - angle.sin()],
        };
        point[0] = (x + 0.1 * random.normal()) as f32;
        point[1] = (y + 0.1 * random.normal()) as f32;
    }
    (points, labels)
}
