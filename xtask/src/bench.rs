//! Benchmarks, one subcommand each.

mod engine;
mod stopwatch;
mod train;

use anyhow::Result;

/// Measure speed. Build with --release for `train`: `cargo run --release -p xtask -- bench
/// train`; `engine` builds the programs that it times.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    benchmark: Benchmark,
}

#[derive(Debug, clap::Subcommand)]
enum Benchmark {
    Engine(engine::Arguments),
    Once(engine::once::Arguments),
    Train(train::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.benchmark {
        Benchmark::Engine(arguments) => engine::run(arguments),
        Benchmark::Once(arguments) => engine::once::run(arguments),
        Benchmark::Train(arguments) => train::run(arguments),
    }
}
