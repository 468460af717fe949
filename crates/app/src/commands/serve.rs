//! `facenet serve`: the door, on a web page and over HTTP.

use anyhow::Result;

use crate::Outcome;
use crate::arguments::Serve;
use crate::output::Output;
use crate::server;

pub(crate) fn run(arguments: &Serve, output: &mut Output) -> Result<Outcome> {
    server::run(arguments, output)?;
    Ok(Outcome::Yes)
}
