//! `bench once`: the time and peak memory of one run of a program.
//!
//! It is a command of its own because Linux starts a child process with the peak memory of
//! its parent. The parent here takes a few MiB, less than any engine; the benchmark itself
//! has networks in memory, and its peak would hide theirs.

use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use wait4::Wait4;

/// Run a program once and print milliseconds and peak resident MiB as JSON.
#[derive(Debug, clap::Args)]
#[command(hide = true)]
pub(crate) struct Arguments {
    /// The program and its arguments
    #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    command: Vec<OsString>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let mut command = Command::new(&arguments.command[0]);
    command.args(&arguments.command[1..]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("cannot run {command:?}"))?;
    let usage = child.wait4()?;
    let ms = 1e3 * start.elapsed().as_secs_f64();
    ensure!(usage.status.success(), "{command:?} failed");
    let mib = usage.rusage.maxrss as f64 / f64::from(1 << 20);
    println!("{}", serde_json::json!({ "ms": ms, "mib": mib }));
    Ok(())
}
