//! A small convolutional network learns to classify shapes: disc, ring, cross, bars.
//!
//! `cargo run -p autograd --example shapes` takes about a second and classifies at least
//! 95 % of new images correctly. It shows convolutions with batch normalization and its
//! running statistics, AdamW with weight decay on kernels only, gradient clipping, and
//! evaluation with fixed statistics. The images are drawn from a fixed seed, so every run
//! prints the same.
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use autograd::optimizer::{AdamW, Optimizer};
use autograd::{
    Error, Leaves, ParameterGroup, Parameters, Random, RunningStatistics, Schedule, Tape, Var,
    initial,
};
use ndarray::{Array1, Array4};
use tensor::Padding2d;
use tensor::ops::{Conv2dOptions, Pool2dOptions};

/// Width and height of an image.
const SIDE: usize = 16;
/// Kinds of shapes.
const KINDS: usize = 4;
/// Channels before and after each convolution.
const CHANNELS: [usize; 3] = [1, 8, 16];
/// Added to variances.
const EPSILON: f64 = 1e-5;
/// Steps of training.
const STEPS: u64 = 300;
/// Images in a step.
const BATCH: usize = 32;

fn main() -> Result<(), Error> {
    println!("accuracy on new images: {:.1} %", 100.0 * train(1)?);
    Ok(())
}

/// Trains from `seed` and returns the share of 500 new images that are classified correctly.
pub(crate) fn train(seed: u64) -> Result<f64, Error> {
    let mut random = Random::new(seed);
    let mut parameters = parameters(&mut random)?;
    let mut running = CHANNELS.map(RunningStatistics::new);
    let mut optimizer = Optimizer::new(AdamW::default(), &parameters);
    let schedule = Schedule::Cosine { peak: 1e-2, floor: 1e-4, warm_up: 10, steps: STEPS };
    let tape = Tape::new();
    for step in 0..STEPS {
        let (images, labels) = images(BATCH, &mut random);
        let leaves = parameters.leaves(&tape);
        let output = scores(&leaves, &tape.constant(images), Mode::Train(&mut running));
        let loss = output.softmax_cross_entropy(&labels);
        let mut gradients = leaves.collect(loss.backward())?;
        gradients.clip_norm(5.0);
        optimizer.step(&mut parameters, &gradients, schedule.rate(step));
    }
    let (images, labels) = images(500, &mut random);
    let images = tape.constant(images);
    let leaves = parameters.leaves(&tape);
    let scores = tape.no_grad(|| scores(&leaves, &images, Mode::Evaluate(&running)));
    let right = scores
        .value()
        .outer_iter()
        .zip(&labels)
        .filter(|(row, label)| row.iter().all(|score| *score <= row[**label]))
        .count();
    Ok(right as f64 / labels.len() as f64)
}

/// Which statistics batch normalization uses.
enum Mode<'a> {
    /// Those of the batch, from which the running ones are updated.
    Train(&'a mut [RunningStatistics<f32>]),
    /// The running ones.
    Evaluate(&'a [RunningStatistics<f32>]),
}

/// Initial values of two convolutions and a dense layer.
fn parameters(random: &mut Random) -> Result<Parameters<f32>, Error> {
    let mut parameters = Parameters::new();
    let kernels = parameters.add_group(ParameterGroup { weight_decay: 1e-2, ..Default::default() });
    let others = parameters.add_group(ParameterGroup::default());
    for layer in 1..CHANNELS.len() {
        let [c, o] = [CHANNELS[layer - 1], CHANNELS[layer]];
        let weight = initial::he_normal(&[o, c, 3, 3], random);
        parameters.insert(&format!("conv{layer}_w"), weight, kernels)?;
        parameters.insert(&format!("bn{layer}_w"), Array1::ones(o), others)?;
        parameters.insert(&format!("bn{layer}_b"), Array1::zeros(o), others)?;
    }
    let weight = initial::glorot_uniform(&[KINDS, CHANNELS[2]], random);
    parameters.insert("dense_w", weight, kernels)?;
    parameters.insert("dense_b", Array1::zeros(KINDS), others)?;
    Ok(parameters)
}

/// N × KINDS scores of N × 1 × SIDE × SIDE images.
fn scores(leaves: &Leaves<'_, f32>, images: &Var<f32>, mut mode: Mode<'_>) -> Var<f32> {
    let options = Conv2dOptions { padding: Padding2d::same(1), ..Conv2dOptions::default() };
    let mut x = images.clone();
    for layer in 1..CHANNELS.len() {
        let leaf = |name: &str, suffix: &str| &leaves[format!("{name}{layer}_{suffix}").as_str()];
        x = x.conv2d(leaf("conv", "w"), None, options);
        let (scale, shift) = (leaf("bn", "w"), leaf("bn", "b"));
        x = match &mut mode {
            Mode::Train(running) => {
                let (x, moments) = x.batch_norm_relu_train(scale, shift, EPSILON);
                running[layer].update(&moments, 0.1);
                x
            }
            Mode::Evaluate(running) => x.batch_norm(scale, shift, &running[layer], EPSILON).relu(),
        };
        x = x.max_pool2d(Pool2dOptions::square(2, 2));
    }
    let side = x.shape()[3];
    let x = x.average_pool2d(Pool2dOptions::square(side, 1)).flatten();
    x.dense(&leaves["dense_w"], Some(&leaves["dense_b"]))
}

/// Images of one shape each, of random position and size, with noise, and their kinds.
fn images(count: usize, random: &mut Random) -> (Array4<f32>, Vec<usize>) {
    let mut images = Array4::zeros((count, 1, SIDE, SIDE));
    let labels: Vec<usize> = (0..count).map(|_| random.below(KINDS)).collect();
    for (mut image, label) in images.outer_iter_mut().zip(&labels) {
        let [x, y] = [0, 1].map(|_| SIDE as f64 * (0.35 + 0.3 * random.uniform()));
        let radius = 3.0 + 2.0 * random.uniform();
        let contrast = 0.5 + random.uniform();
        for ((_, row, column), pixel) in image.indexed_iter_mut() {
            let [dx, dy] = [column as f64 - x, row as f64 - y];
            let inside = dx.abs().max(dy.abs()) <= radius;
            let drawn = match label {
                0 => dx.hypot(dy) <= radius,
                1 => (dx.hypot(dy) - radius).abs() <= 1.0,
                2 => inside && dx.abs().min(dy.abs()) <= 1.0,
                _ => inside && row % 3 == 0,
            };
            let ink = if drawn { contrast } else { 0.0 };
            *pixel = (ink + 0.2 * random.normal()) as f32;
        }
    }
    (images, labels)
}
