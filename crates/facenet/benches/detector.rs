//! How long the detector's network takes: `cargo bench -p facenet --bench detector`.
//!
//! Items are images; `RAYON_NUM_THREADS=1` for one core. Weights are random, of which no time
//! depends.
//! `FACENET_PROFILE=256x320` prints the time of each step of a pass of that height and width
//! instead.

#![allow(clippy::print_stdout, reason = "a profile is printed")]

use autograd::Tape;
use divan::Bencher;
use divan::counter::ItemsCount;
use facenet::engine::CompiledDetector;
use facenet::model::Model;
use facenet::network::Architecture;
use ndarray::Array4;

fn main() {
    if let Ok(size) = std::env::var("FACENET_PROFILE") {
        let mut sides = size.split('x').map(str::parse);
        match [sides.next(), sides.next()] {
            [Some(Ok(height)), Some(Ok(width))] => return profile([height, width]),
            _ => panic!("FACENET_PROFILE: expected HEIGHTxWIDTH, found {size:?}"),
        }
    }
    divan::main();
}

/// Stripes.
fn images(count: usize, [height, width]: [usize; 2]) -> Array4<f32> {
    Array4::from_shape_fn((count, 3, height, width), |(n, c, y, x)| {
        ((n + 7 * c + 3 * y + 5 * x) % 256) as f32 / 255.0
    })
}

fn model() -> Model<f32> {
    Model::random(Architecture::Detector, 1, 0.0)
}

fn compiled() -> CompiledDetector {
    match model().weights().and_then(CompiledDetector::new) {
        Ok(network) => network,
        Err(error) => panic!("{error}"),
    }
}

fn profile(size: [usize; 2]) {
    let steps = compiled().profile(images(1, size).view(), 200);
    let total: f64 = steps.iter().map(|step| step.seconds).sum();
    for step in steps {
        let (micros, rate) = (1e6 * step.seconds, step.operations as f64 / step.seconds / 1e9);
        println!("{:24} {:>10} {micros:8.1} µs {rate:6.1} GFLOP/s", step.name, step.method);
    }
    println!("{:.2} ms", 1e3 * total);
}

#[divan::bench(args = [[192, 256], [256, 320], [320, 320], [480, 640]])]
fn pass(bencher: Bencher<'_, '_>, size: [usize; 2]) {
    let (network, images) = (compiled(), images(1, size));
    bencher.counter(ItemsCount::new(1_u32)).bench(|| network.run(images.view()));
}

/// A pass through a network that is compiled for it.
#[divan::bench(args = [[256, 320]])]
fn compile_and_pass(bencher: Bencher<'_, '_>, size: [usize; 2]) {
    let images = images(1, size);
    bencher.with_inputs(compiled).bench_values(|network| network.run(images.view()));
}

/// Forward and backward of one image, without a loss worth speaking of.
#[divan::bench(args = [1, 8])]
fn training_step(bencher: Bencher<'_, '_>, batch: usize) {
    let (model, images) = (model(), images(batch, [320, 320]));
    let tape = Tape::new();
    bencher.counter(ItemsCount::new(batch)).bench_local(|| {
        let leaves = model.parameters().leaves(&tape);
        let forward = model.train(&leaves, &tape.constant(images.clone()));
        let sums: Vec<_> = forward.outputs.iter().map(|output| output.square().sum()).collect();
        drop(forward);
        let loss = sums[0].add(&sums[1]).add(&sums[2]);
        leaves.collect(loss.backward()).map(|gradients| gradients.norm())
    });
}
