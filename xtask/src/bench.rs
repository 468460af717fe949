//! `bench`: how fast the parts are, by questions that a person asks.

mod engine;
mod stopwatch;
mod train;

use anyhow::Result;

/// Measure speed; build with --release for figures worth quoting:
/// `cargo run --release -p xtask -- bench train`; `engine` builds what it times.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    question: Question,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    Engine(engine::Arguments),
    Once(engine::once::Arguments),
    Train(train::Arguments),
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    match &arguments.question {
        Question::Engine(arguments) => engine::run(arguments),
        Question::Once(arguments) => engine::once::run(arguments),
        Question::Train(arguments) => train::run(arguments),
    }
}
