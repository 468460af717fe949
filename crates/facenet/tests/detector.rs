//! The detector's network compiled, against the same network on a tape in f64.

#![allow(clippy::unwrap_used, reason = "tests panic to fail")]

use std::collections::HashMap;

use autograd::Tape;
use facenet::engine::{CompiledDetector, EngineOptions};
use facenet::model::Model;
use facenet::network::{Architecture, TensorRole, TensorSpec};
use facenet::weights::{Weights, WeightsError};
use ndarray::{Array4, ArrayD, Axis, IxDyn, Slice, concatenate};
use tensor::{Level, Random};

/// Random weights with statistics and heads that are not those of the beginning.
fn weights() -> Weights {
    let mut random = Random::new(3);
    let tensors: HashMap<String, ArrayD<f32>> = Architecture::Detector
        .tensor_table()
        .into_iter()
        .map(|spec| {
            let value = ArrayD::from_shape_simple_fn(IxDyn(&spec.shape), || {
                value(&spec, &mut random) as f32
            });
            (spec.name, value)
        })
        .collect();
    Weights::from_tensors_for(Architecture::Detector, tensors).unwrap()
}

fn value(spec: &TensorSpec, random: &mut Random) -> f64 {
    let inputs: usize = spec.shape.iter().skip(1).product();
    match spec.role {
        TensorRole::Kernel | TensorRole::HeadKernel => {
            (2.0 / inputs as f64).sqrt() * random.normal()
        }
        TensorRole::Scale | TensorRole::RunningVariance => 0.5 + random.uniform(),
        _ => 0.6 * random.uniform() - 0.3,
    }
}

/// Smooth colors, different in each image.
fn images(count: usize, [h, w]: [usize; 2]) -> Array4<f32> {
    Array4::from_shape_fn((count, 3, h, w), |(i, c, y, x)| {
        let [a, b] = [0.11 + 0.05 * i as f32, 0.07 + 0.06 * c as f32];
        0.5 + 0.3 * (a * x as f32 + i as f32).sin() * (b * y as f32).cos()
            + 0.2 * (0.9 * (x + 2 * y + c) as f32).sin()
    })
}

fn compiled(level: Level) -> CompiledDetector {
    let options = EngineOptions { level, ..EngineOptions::default() };
    CompiledDetector::with_options(weights(), options).unwrap()
}

#[test]
fn every_level_agrees_with_the_tape_at_every_size() {
    let model = Model::<f64>::from_weights(Architecture::Detector, &weights(), 0.0);
    // The last again: its program is kept.
    for size in [[64, 96], [32, 32], [96, 32], [160, 128], [192, 64], [160, 128]] {
        let images = images(2, size);
        let tape = Tape::new();
        let leaves = model.parameters().leaves(&tape);
        let batch = tape.constant(images.mapv(f64::from));
        let expected = tape.no_grad(|| model.evaluate(&leaves, &batch)).outputs;
        for level in Level::available() {
            let network = compiled(level);
            let found = network.run(images.view());
            assert_eq!(network.run(images.view()), found);
            for (expected, found) in expected.iter().zip(found) {
                let expected = expected.value();
                assert_eq!(expected.shape(), found.shape());
                // The largest output is about 10.
                let off = expected.iter().zip(&found).map(|(a, b)| (a - f64::from(*b)).abs());
                let off = off.fold(0.0, f64::max);
                assert!(off < 2e-4, "{level}, {size:?}: off by {off}");
            }
        }
    }
}

#[test]
fn the_bits_do_not_depend_on_threads_batches_or_order() {
    let all = images(3, [96, 64]);
    for level in Level::available() {
        let network = compiled(level);
        let alone: Vec<_> =
            all.axis_chunks_iter(Axis(0), 1).map(|image| network.run(image)).collect();
        for threads in 1..=3 {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let together = pool.install(|| network.run(all.view()));
            let second = all.slice_axis(Axis(0), Slice::from(1..2));
            let one = pool.install(|| network.run(second));
            for output in 0..3 {
                let parts: Vec<_> = alone.iter().map(|outputs| outputs[output].view()).collect();
                assert_eq!(together[output], concatenate(Axis(0), &parts).unwrap(), "{level}");
                assert_eq!(one[output], alone[1][output], "{level}, {threads} threads");
            }
        }
    }
}

#[test]
fn more_sizes_than_programs_are_kept() {
    let network = compiled(Level::best());
    let run = |h: usize, w: usize| network.run(images(1, [32 * h, 32 * w]).view());
    let first = run(1, 1);
    for (h, w) in [(1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (1, 1), (3, 1)] {
        let found = run(h, w);
        assert_eq!(found[2].dim(), (1, 16, h, w));
        if (h, w) == (1, 1) {
            assert_eq!(found, first);
        }
    }
}

#[test]
fn weights_of_another_network_are_refused() {
    let other = Weights::embedded().unwrap();
    assert!(!other.are_of(Architecture::Detector));
    let refused = CompiledDetector::new(other);
    assert!(matches!(refused, Err(WeightsError::OtherNetwork { .. })));
}

#[test]
#[should_panic(expected = "multiples of 32 for H and W, found (1, 3, 64, 40)")]
fn an_image_of_another_size_panics() {
    compiled(Level::best()).run(images(1, [64, 40]).view());
}
