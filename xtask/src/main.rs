//! Maintainers' commands, run as `cargo xtask COMMAND`; one file per command.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bench;
mod convert_weights;
mod measure_detector;
mod small_training;
mod train_detector;
mod train_landmarks;
mod train_visibility;

use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use tensor::level;

/// Maintainers' commands of the Happy House FaceNet project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    ConvertWeights(convert_weights::Arguments),
    Bench(bench::Arguments),
    TrainLandmarks(train_landmarks::Arguments),
    TrainVisibility(train_visibility::Arguments),
    TrainDetector(Box<train_detector::Arguments>),
    MeasureDetector(measure_detector::Arguments),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    // Selects the kernels, as the program `facenet` does.
    const VARIABLE: &str = "FACENET_KERNEL";
    if let Some(name) = std::env::var_os(VARIABLE) {
        name.to_string_lossy().parse().and_then(level::set).context(VARIABLE)?;
    }
    match command {
        Command::ConvertWeights(arguments) => convert_weights::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::TrainLandmarks(arguments) => {
            train_landmarks::run(&arguments).map(|()| ExitCode::SUCCESS)
        }
        Command::TrainVisibility(arguments) => {
            train_visibility::run(&arguments).map(|()| ExitCode::SUCCESS)
        }
        Command::TrainDetector(arguments) => {
            train_detector::run(&arguments).map(|()| ExitCode::SUCCESS)
        }
        Command::MeasureDetector(arguments) => {
            measure_detector::run(&arguments).map(|()| ExitCode::SUCCESS)
        }
    }
}
