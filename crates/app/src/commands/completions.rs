//! `facenet completions`: what a shell needs to complete the command line.

use anyhow::Result;
use clap::CommandFactory;

use crate::ExitStatus;
use crate::arguments::{Arguments, Completions};
use crate::output::Output;

pub(crate) fn run(arguments: &Completions, output: &mut Output) -> Result<ExitStatus> {
    // Into memory first: clap_complete panics where a pipe is closed early.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "facenet", &mut script);
    std::io::Write::write_all(output.writer(), &script)?;
    Ok(ExitStatus::Match)
}
