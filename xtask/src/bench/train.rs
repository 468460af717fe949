//! `bench train`: images per second of a whole training step, and the time per operator.
//!
//! The step is the real one: the network on the tape, the triplet loss over all valid
//! triplets of four images per person, backward, Adam. The breakdown runs each operator's
//! kernels alone on the same shapes (`stopwatch.rs`), so its sum is the time of the step
//! without anything between the kernels.

use std::time::Instant;

use anyhow::Result;
use autograd::Tape;
use autograd::optimizer::{Adam, Optimizer};
use facenet::model::Model;
use facenet::network::{Variant, build};
use facenet::triplet::{Mining, Reduction, batch_loss, mine, squared_distances};
use ndarray::{Array4, Ix2};
use tensor::Precision;
use tensor::level::{Level, peak_gflops};

use super::stopwatch::{Stopwatch, Time};

/// Images of each person in a batch.
const IMAGES: usize = 4;

/// A training step: forward, triplet loss, backward, Adam.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Batch sizes, multiples of four
    #[arg(long, value_delimiter = ',', default_value = "48,96")]
    batch: Vec<usize>,
    /// Timed steps, after two warm-up steps
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Precision of convolutions' products: f32 or bf16
    #[arg(long, default_value_t = Precision::F32, value_name = "f32|bf16")]
    precision: Precision,
    /// Peak of one core, GFLOP/s in f32, for the shares [default: measured]
    #[arg(long)]
    peak: Option<f64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let threads = rayon::current_num_threads();
    let peak = arguments.peak.unwrap_or_else(|| peak_gflops(Level::best()));
    let peak = peak * threads as f64;
    println!("{threads} threads, peak {peak:.0} GFLOP/s");
    for &batch in &arguments.batch {
        let batch = batch.next_multiple_of(IMAGES).max(2 * IMAGES);
        let mut times = step_times(batch, arguments.steps.max(1), arguments.precision);
        times.sort_by(f64::total_cmp);
        let (median, best) = (times[times.len() / 2], times[0]);

        let mut stopwatch = Stopwatch::new(batch, arguments.precision);
        build(&mut stopwatch, Variant::HappyHouse);
        let (kinds, flops) = (stopwatch.times(), stopwatch.flops());
        println!(
            "\nbatch {batch}: {:.0} images/s (median; {:.0} best), {:.1} ms a step, {:.0} % of peak",
            batch as f64 / median,
            batch as f64 / best,
            1e3 * median,
            100.0 * flops / median / 1e9 / peak
        );
        print_breakdown(kinds, peak);
    }
    Ok(())
}

/// Seconds of each step.
fn step_times(batch: usize, steps: usize, precision: Precision) -> Vec<f64> {
    const WARM_UP: usize = 2;
    let mut model = Model::<f32>::random(Variant::HappyHouse, 0, 0.0);
    model.set_precision(precision);
    let mut optimizer = Optimizer::new(Adam::default(), model.parameters());
    let people: Vec<_> = (0..batch as u32).map(|image| image / IMAGES as u32).collect();
    let images = Array4::from_shape_fn((batch, 3, 96, 96), |(n, c, y, x)| {
        ((31 * n + 7 * c + 3 * y + 5 * x) % 256) as f32 / 255.0
    });
    let tape = Tape::new();
    let mut times = Vec::new();
    for step in 0..WARM_UP + steps {
        let start = Instant::now();
        let leaves = model.parameters().leaves(&tape);
        let forward = model.train(&leaves, &tape.constant(images.clone()));
        let Ok(rows) = forward.output.value().into_dimensionality::<Ix2>() else {
            unreachable!("encodings are rows")
        };
        let triplets = mine(Mining::All, squared_distances(rows).view(), &people, 0.2);
        let loss = batch_loss(&forward.output, &triplets, 0.2, Reduction::Sum);
        let moments = forward.moments;
        drop((forward.output, forward.stages));
        let gradients = leaves.collect(loss.backward()).expect("every layer is in the loss");
        model.update(&mut optimizer, &gradients, 1e-4);
        model.absorb(&moments, 0.01);
        if step >= WARM_UP {
            times.push(start.elapsed().as_secs_f64());
        }
    }
    times
}

fn print_breakdown(mut kinds: Vec<(String, Time)>, peak: f64) {
    let all: f64 = kinds.iter().map(|(_, time)| time.total()).sum();
    kinds.sort_by(|a, b| b.1.total().total_cmp(&a.1.total()));
    println!(
        "{:<22} {:>9} {:>9} {:>9} {:>7} {:>9} {:>8}",
        "kernels alone", "forward", "backward", "ms", "share", "GFLOP/s", "of peak"
    );
    for (kind, time) in kinds {
        let (forward, backward, total) = (time.forward, time.backward, time.total());
        print!(
            "{kind:<22} {:>9.2} {:>9.2} {:>9.2} {:>5.1} %",
            1e3 * forward,
            1e3 * backward,
            1e3 * total,
            100.0 * total / all
        );
        if time.flops > 0.0 {
            let rate = time.flops / total / 1e9;
            print!(" {rate:>9.0} {:>6.0} %", 100.0 * rate / peak);
        }
        println!();
    }
    println!("{:<22} {:>9} {:>9} {:>9.2}", "sum", "", "", 1e3 * all);
}
