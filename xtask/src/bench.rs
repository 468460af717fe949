//! `bench`: how fast the parts are, by questions that a person asks.

mod stopwatch;
mod train;

use anyhow::Result;

/// Measure speed; build with --release for figures worth quoting:
/// `cargo run --release -p xtask -- bench train`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    Train(train::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.question {
        Question::Train(arguments) => train::run(arguments),
    }
}
