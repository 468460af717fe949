//! `bench train`: images per second of a whole training step, the time per operator, and the
//! race against PyTorch.
//!
//! The step is the real one: the network on the tape, a triplet loss, backward, Adam
//! (`train/step.rs`). The breakdown runs each operator's kernels alone on the same shapes
//! (`stopwatch.rs`), so its sum is the time of the step without anything between the kernels.
//! With `--python`, ours and PyTorch's steps take turns instead (`train/race.rs`).

mod race;
mod step;

use std::path::PathBuf;

use anyhow::{Result, ensure};
use facenet::network::{Variant, build};
use tensor::Precision;
use tensor::level::{Level, peak_gflops};

use super::stopwatch::{Stopwatch, Time};
use race::Race;

/// Time training steps: forward, triplet loss, backward, Adam.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Batch sizes, multiples of three
    #[arg(long, value_delimiter = ',', default_value = "48,96")]
    batch: Vec<usize>,
    /// Seconds of timed steps, after a warm-up of a quarter of that
    #[arg(long, default_value_t = 4.0)]
    seconds: f64,
    /// Precision of convolutions' products: f32 or bf16
    #[arg(long, default_value_t = Precision::F32, value_name = "f32|bf16")]
    precision: Precision,
    /// Peak of one core, GFLOP/s in f32, for the shares [default: measured]
    #[arg(long)]
    peak: Option<f64>,
    /// Python with torch and numpy: compare with PyTorch, in both precisions and in turns
    #[arg(long, value_name = "PATH", conflicts_with_all = ["peak", "precision"])]
    python: Option<PathBuf>,
    /// Folder with bench_train.py [default: peers in FACENET_SHARED, or in ../shared]
    #[arg(long, value_name = "DIR", requires = "python")]
    peers: Option<PathBuf>,
    /// Turns of each, with --python
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,
    /// Print the median as JSON and nothing else: one process of the race
    #[arg(long, hide = true)]
    once: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let Arguments { seconds, precision, .. } = *arguments;
    ensure!(seconds > 0.0 && seconds <= 3600.0, "--seconds: expected 0 to 3600, found {seconds}");
    ensure!(
        precision.is_available_at(Level::best()),
        "--precision {precision}: this machine does not have it"
    );
    let wrong = arguments.batch.iter().find(|batch| **batch == 0 || **batch % 3 != 0);
    if let Some(batch) = wrong {
        anyhow::bail!("--batch: expected multiples of three, found {batch}");
    }
    let threads = rayon::current_num_threads();
    if let Some(python) = &arguments.python {
        let peers = arguments.peers.clone().unwrap_or_else(race::default_peers);
        let race = Race {
            python,
            peers: &peers,
            batches: &arguments.batch,
            threads,
            rounds: arguments.rounds.into(),
            seconds,
        };
        return race.run();
    }
    if arguments.once {
        for &batch in &arguments.batch {
            let times = step::times(batch, precision, seconds)?;
            println!("{}", serde_json::json!({ "ms": 1e3 * times[times.len() / 2] }));
        }
        return Ok(());
    }
    let peak = arguments.peak.unwrap_or_else(|| peak_gflops(Level::best()));
    let peak = peak * threads as f64;
    println!("{threads} threads, peak {peak:.0} GFLOP/s in f32; products in {precision}");
    for &batch in &arguments.batch {
        let times = step::times(batch, precision, seconds)?;
        let (median, best) = (times[times.len() / 2], times[0]);

        let mut stopwatch = Stopwatch::new(batch, precision);
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
