//! Project chores, run as `cargo xtask COMMAND`: one file a command.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line program")]

mod bench;
mod convert_weights;
mod train_landmarks;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Chores of the Happy House FaceNet project.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Debug, Subcommand)]
enum Chore {
    ConvertWeights(convert_weights::Arguments),
    Bench(bench::Arguments),
    TrainLandmarks(train_landmarks::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::ConvertWeights(arguments) => convert_weights::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments).map(|()| ExitCode::SUCCESS),
        Chore::TrainLandmarks(arguments) => {
            train_landmarks::run(&arguments).map(|()| ExitCode::SUCCESS)
        }
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}
