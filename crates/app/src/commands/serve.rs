//! `facenet serve`: the web page of the door, and the HTTP interface.

use anyhow::Result;

use crate::arguments::Serve;
use crate::output::Output;
use crate::{ExitStatus, server};

pub(crate) fn run(arguments: &Serve, output: &mut Output) -> Result<ExitStatus> {
    server::run(arguments, output)?;
    Ok(ExitStatus::Match)
}
