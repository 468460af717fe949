//! The log, on stderr: one line a request, with neither names nor numbers of people.

use std::io::{self, IsTerminal};

use anyhow::{Result, anyhow};
use tracing_subscriber::fmt;
use tracing_subscriber::fmt::time::SystemTime;

use crate::arguments::LogForm;

/// Begins to log.
pub(super) fn begin(form: LogForm) -> Result<()> {
    let lines = fmt().with_writer(io::stderr).with_timer(SystemTime).with_target(false);
    let begun = match form {
        LogForm::Off => return Ok(()),
        LogForm::Json => lines.json().flatten_event(true).try_init(),
        LogForm::Text => lines.with_ansi(io::stderr().is_terminal()).try_init(),
    };
    begun.map_err(|error| anyhow!("cannot log: {error}"))
}
