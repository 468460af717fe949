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
mod left_out;
mod output;
mod progress;
mod text;

use std::io::ErrorKind;
use std::process::ExitCode;

use anyhow::Context;
use arguments::{Arguments, Command};
use clap::Parser;
use output::Output;
use tensor::level;

/// How a command ended. The exit codes are part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExitStatus {
    /// 0: the same person, everybody recognized, or a command without an answer succeeded.
    Match = 0,
    /// 1: different people, or somebody not recognized.
    NoMatch = 1,
    /// 2: an error.
    Error = 2,
    /// 3: a photo has no usable face, or several where one is expected.
    NoFace = 3,
    /// 4: the threshold and the probability of one person disagree.
    Uncertain = 4,
}

impl ExitStatus {
    /// The status of two results together: an error outweighs a photo without a face, and
    /// that outweighs an unrecognized person.
    fn worse(self, other: Self) -> Self {
        let severity = |status| match status {
            Self::Match => 0,
            Self::Uncertain => 1,
            Self::NoMatch => 2,
            Self::NoFace => 3,
            Self::Error => 4,
        };
        if severity(other) > severity(self) { other } else { self }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut output = Output::stdout(arguments.wants_json());
    let status = match run(arguments, &mut output) {
        Ok(status) => match output.flush() {
            // A closed pipe does not change the answer.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => fail(&mut output, &error.into()),
            _ => status,
        },
        Err(error) => fail(&mut output, &error),
    };
    ExitCode::from(status as u8)
}

/// Reports the error. A broken pipe is not reported, but does not count as a match either.
fn fail(output: &mut Output, error: &anyhow::Error) -> ExitStatus {
    let status = exit_status_of(error);
    if !output::is_broken_pipe(error) {
        output.error(error, status as u8);
    }
    status
}

/// Selects the kernels that `FACENET_KERNEL` names, if it is set.
fn select_kernels() -> anyhow::Result<()> {
    const VARIABLE: &str = "FACENET_KERNEL";
    let Some(name) = std::env::var_os(VARIABLE) else { return Ok(()) };
    name.to_string_lossy().parse().and_then(level::set).context(VARIABLE)
}

fn run(arguments: Arguments, output: &mut Output) -> anyhow::Result<ExitStatus> {
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

/// The exit status of an error: a photo without a usable face has its own.
fn exit_status_of(error: &anyhow::Error) -> ExitStatus {
    let is_unusable_face = |error: &faces::Error| error.is_unusable_face();
    if error.chain().any(|cause| cause.downcast_ref().is_some_and(is_unusable_face)) {
        ExitStatus::NoFace
    } else {
        ExitStatus::Error
    }
}
