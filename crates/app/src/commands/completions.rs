//! `facenet completions`: prints a shell's completion script.

use anyhow::Result;
use clap::CommandFactory;

use crate::ExitStatus;
use crate::arguments::{Arguments, Completions};
use crate::output::Output;

pub(crate) fn run(arguments: &Completions, output: &mut Output) -> Result<ExitStatus> {
    // Writes into memory first, because clap_complete panics on a broken pipe.
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "facenet", &mut script);
    std::io::Write::write_all(output.writer(), &script)?;
    Ok(ExitStatus::Match)
}
