//! Commands that are run when somebody comes.
//!
//! What is known of the visit goes to the command by environment variables, never by its text, so
//! that no name can become a part of it: `"$FACENET_PERSON"` is the name, whatever is in it.

use std::io;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::output::warn;

/// Commands that may run at a time. One that hangs must not let them pile up.
const MOST_RUNNING: usize = 8;

/// When the stream is over, commands have so long to end.
const FAREWELL: Duration = Duration::from_secs(30);

/// Between two looks at whether one has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Commands that were started and have not ended.
#[derive(Debug, Default)]
pub(super) struct Hooks {
    running: Vec<Child>,
}

impl Hooks {
    /// Starts a command, with these variables, and does not wait for it.
    pub(super) fn start(&mut self, command: &str, variables: &[(&str, String)]) {
        self.reap();
        if self.running.len() >= MOST_RUNNING {
            warn(format_args!("{MOST_RUNNING} commands are running: {command} was not started"));
            return;
        }
        let mut shell = shell(command);
        // Standard output is for JSON.
        shell.stdin(Stdio::null()).stdout(io::stderr());
        match shell.envs(variables.iter().map(|(name, value)| (*name, value))).spawn() {
            Ok(child) => self.running.push(child),
            Err(error) => warn(format_args!("{command} cannot be started: {error}")),
        }
    }

    /// Looks which have ended; says which have failed.
    pub(super) fn reap(&mut self) {
        self.running.retain_mut(|child| match child.try_wait() {
            Ok(None) => true,
            Ok(Some(status)) if status.success() => false,
            Ok(Some(status)) => {
                warn(format_args!("a command failed: {status}"));
                false
            }
            Err(error) => {
                warn(format_args!("a command is lost: {error}"));
                false
            }
        });
    }

    /// Waits for all, but not for ever.
    pub(super) fn finish(&mut self) {
        let begin = Instant::now();
        self.reap();
        while !self.running.is_empty() && begin.elapsed() < FAREWELL {
            std::thread::sleep(PAUSE);
            self.reap();
        }
        if !self.running.is_empty() {
            warn(format_args!("{} commands still run", self.running.len()));
        }
    }
}

/// The user's own command, for the user's own shell.
#[cfg(unix)]
fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    shell
}

/// A program, without arguments: this system's shell would look for commands in the values of
/// variables.
#[cfg(not(unix))]
fn shell(command: &str) -> Command {
    Command::new(command)
}
