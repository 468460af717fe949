//! `facenet`: verify and recognize faces from the command line.
//!
//! `main` turns arguments into a command, the command's result into an exit
//! code, and an error into one line on stderr. Only results go to stdout.

#![forbid(unsafe_code)]

mod arguments;
mod charts;
mod commands;
mod decision;
mod demonstration;
mod enrolled;
mod face_reader;
mod gallery_folder;
mod labeled_photos;
mod output;
mod progress;
mod server;
mod text;

use std::io::ErrorKind;
use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Command};
use clap::Parser;
use output::Output;
use tensor::level;

/// How a command ended; its exit code is part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// 0: the same person, somebody recognized, or simply done.
    Yes = 0,
    /// 1: different people, or nobody recognized.
    No = 1,
    /// 2: something is wrong.
    Error = 2,
    /// 3: a photo in which no face, or no single face, could be used.
    NoFace = 3,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::stdout(arguments.wants_json());
    let outcome = match run(arguments, &mut output) {
        Ok(outcome) => match output.flush() {
            // Whoever closed the pipe has seen enough; the answer stays the answer.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&mut output, &error.into()),
            _ => outcome,
        },
        Err(error) => fail(&mut output, &error),
    };
    ExitCode::from(outcome as u8)
}

/// Tells of the error. A pipe that was closed before there was an answer is none to
/// tell of, but neither is it a yes.
fn fail(output: &mut Output, error: &anyhow::Error) -> Outcome {
    let outcome = outcome_of(error);
    if !output::is_broken_pipe(error) {
        output.error(error, outcome as u8);
    }
    outcome
}

/// Selects the kernels that `FACENET_KERNEL` names, if it is set.
fn select_kernels() -> anyhow::Result<()> {
    const VARIABLE: &str = "FACENET_KERNEL";
    let Some(name) = std::env::var_os(VARIABLE) else { return Ok(()) };
    name.to_string_lossy().parse().and_then(level::set).context(VARIABLE)
}

fn run(arguments: Arguments, output: &mut Output) -> anyhow::Result<Outcome> {
    select_kernels()?;
    if let Some(threads) = arguments.threads {
        rayon::ThreadPoolBuilder::new().num_threads(threads.get()).build_global()?;
    }
    match arguments.command {
        Command::Verify(verify) => commands::verify::run(&verify, output),
        Command::Recognize(recognize) => commands::recognize::run(&recognize, output),
        Command::Enroll(enroll) => commands::enroll::run(&enroll, output),
        Command::Gallery(gallery) => commands::gallery::run(&gallery, output),
        Command::Cluster(cluster) => commands::cluster::run(&cluster, output),
        Command::Watch(watch) => commands::watch::run(&watch, output),
        Command::Serve(serve) => commands::serve::run(&serve, output),
        Command::Encode(encode) => commands::encode::run(&encode, output),
        Command::Detect(detect) => commands::detect::run(&detect, output),
        Command::Evaluate(evaluate) => commands::evaluate::run(&evaluate, output),
        Command::Calibrate(calibrate) => commands::calibrate::run(&calibrate, output),
        Command::Train(train) => commands::train::run(&train, output),
        Command::Bench(bench) => commands::bench::run(&bench, arguments.threads, output),
        Command::Model(model) => commands::model::run(&model, output),
        Command::Completions(completions) => commands::completions::run(&completions, output),
    }
}

/// A photo without a usable face has an exit code of its own.
fn outcome_of(error: &anyhow::Error) -> Outcome {
    let is_unusable_face = |error: &faces::Error| error.is_unusable_face();
    if error.chain().any(|cause| cause.downcast_ref().is_some_and(is_unusable_face)) {
        Outcome::NoFace
    } else {
        Outcome::Error
    }
}
