//! `facenet bench`: measures the network's speed on this machine, and the time per layer.
//!
//! Only the engine is timed: images and output rows are allocated before. Calls run on a
//! thread of the pool, as in a program that encodes many images.

mod profile;

use std::num::NonZeroUsize;
use std::thread;
use std::time::Instant;

use anyhow::Result;
use facenet::engine::{Engine, EngineOptions};
use facenet::network::{ENCODING_LENGTH, INPUT_CHANNELS, INPUT_SIZE};
use ndarray::Array4;
use rayon::ThreadPoolBuilder;
use serde::Serialize;
use tensor::Random;

use crate::arguments::Bench;
use crate::face_reader::load;
use crate::output::{Output, line};
use crate::{ExitStatus, progress};

/// Default batch sizes.
const BATCHES: [usize; 3] = [1, 8, 32];

/// Fewest passes that are timed, even if they take longer than requested.
const LEAST: usize = 5;

/// Seed of the random images.
const SEED: u64 = 1;

/// One measurement.
#[derive(Clone, Debug, Serialize)]
struct Row {
    batch: usize,
    threads: usize,
    kernel: &'static str,
    precision: &'static str,
    variant: &'static str,
    passes: usize,
    min_ms: f64,
    median_ms: f64,
    p90_ms: f64,
    images_per_second: f64,
}

pub(crate) fn run(
    arguments: &Bench,
    threads: Option<NonZeroUsize>,
    output: &mut Output,
) -> Result<ExitStatus> {
    let variant = arguments.model.variant;
    let options = arguments.model.engine_options()?;
    let EngineOptions { level, precision, .. } = options;
    let engine = Engine::with_options(variant, load(&arguments.model)?.weights(), options);
    let batches = arguments.batch.map_or(BATCHES.to_vec(), |batch| vec![batch.get()]);
    let counts = threads.map_or_else(one_and_all, |threads| vec![threads.get()]);
    if !output.is_json() {
        line!(output, "Network {variant}, kernels {level}, {precision}")?;
        line!(output)?;
        line!(
            output,
            "{:>5} {:>8} {:>11} {:>11} {:>11} {:>10}",
            "batch",
            "threads",
            "median ms",
            "90 % ms",
            "fastest ms",
            "images/s"
        )?;
    }
    let bar = progress::stages(batches.len() * counts.len());
    for &batch in &batches {
        let images = images(batch);
        for &threads in &counts {
            bar.set_message(format!("batch {batch}, threads {threads}"));
            let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
            let times = pool.install(|| times(&engine, &images, arguments.seconds))?;
            let row = Row::new([batch, threads], options, variant.name(), times);
            bar.suspend(|| -> Result<()> {
                print(&row, output)?;
                // Shows each row at once.
                Ok(output.flush()?)
            })?;
            bar.inc(1);
        }
    }
    bar.finish_and_clear();
    if arguments.profile {
        for batch in batches {
            profile::print(&engine, level, images(batch).view(), arguments.seconds)?;
        }
    }
    Ok(ExitStatus::Match)
}

/// One thread, and all of the machine's.
fn one_and_all() -> Vec<usize> {
    let mut counts = vec![1, thread::available_parallelism().map_or(1, NonZeroUsize::get)];
    counts.dedup();
    counts
}

/// Random images, the same in every run.
fn images(batch: usize) -> Array4<f32> {
    let mut random = Random::new(SEED);
    let shape = (batch, INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE);
    Array4::from_shape_simple_fn(shape, || random.uniform() as f32)
}

/// Seconds of each pass, sorted.
fn times(engine: &Engine, images: &Array4<f32>, seconds: f64) -> Result<Vec<f64>> {
    let mut rows = vec![0.0; images.dim().0 * ENCODING_LENGTH];
    let mut pass = || -> Result<f64> {
        let start = Instant::now();
        engine.encode_into(images.view(), &mut rows)?;
        Ok(start.elapsed().as_secs_f64())
    };
    let start = Instant::now();
    pass()?;
    while start.elapsed().as_secs_f64() < seconds / 4.0 {
        pass()?;
    }
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < LEAST || start.elapsed().as_secs_f64() < seconds {
        times.push(pass()?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times)
}

impl Row {
    /// Creates the row from the sorted seconds of at least one pass.
    fn new(
        [batch, threads]: [usize; 2],
        EngineOptions { level, precision, .. }: EngineOptions,
        variant: &'static str,
        times: Vec<f64>,
    ) -> Self {
        let passes = times.len();
        let median = times[passes / 2];
        Self {
            batch,
            threads,
            kernel: level.name(),
            precision: precision.name(),
            variant,
            passes,
            min_ms: 1e3 * times[0],
            median_ms: 1e3 * median,
            p90_ms: 1e3 * times[(9 * passes).div_ceil(10) - 1],
            images_per_second: batch as f64 / median,
        }
    }
}

fn print(row: &Row, output: &mut Output) -> Result<()> {
    if output.is_json() {
        return Ok(output.json(row)?);
    }
    let Row { batch, threads, min_ms, median_ms, p90_ms, images_per_second, .. } = row;
    Ok(line!(
        output,
        "{batch:>5} {threads:>8} {median_ms:>11.3} {p90_ms:>11.3} {min_ms:>11.3} {images_per_second:>10.0}"
    )?)
}
