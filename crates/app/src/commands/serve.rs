//! `facenet serve`: the web page of the door, and the HTTP interface.

mod log;

use std::env::VarError;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use faces::FaceLocation;
use server::{Options, Server, Token};
use store::Access;

use crate::arguments::{Limits, Serve};
use crate::decision::{identification, warn_if_extrapolating};
use crate::face_reader::{load, pipeline};
use crate::output::{Output, line};
use crate::{ExitStatus, enrolled};

/// Serves until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &Serve, output: &mut Output) -> Result<ExitStatus> {
    log::begin(arguments.log)?;
    let options = options(arguments)?;
    options.check().map_err(with_hint)?;
    let is_open = options.token.is_none();
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let pipeline = pipeline(choice, &model, FaceLocation::default())?;
    let policy = identification(&arguments.admission, &model)?;
    let store = enrolled::open(&arguments.store, &model, Access::Write)?;
    warn_if_extrapolating(&policy, store.template_count()?);
    let server = Server::bind(pipeline, policy, store, options).map_err(with_hint)?;
    line!(output, "The door is at http://{}/", server.address())?;
    if is_open {
        line!(output, "Whoever uses this machine can open it; Ctrl-C closes it.")?;
    }
    output.flush()?;
    server.serve();
    Ok(ExitStatus::Match)
}

fn options(arguments: &Serve) -> Result<Options> {
    let Serve { token_file, door_token_file, .. } = arguments;
    Ok(Options {
        listen: arguments.listen,
        hosts: arguments.hosts.clone(),
        token: token(token_file.as_deref(), "FACENET_TOKEN")?,
        door_token: token(door_token_file.as_deref(), "FACENET_DOOR_TOKEN")?,
        read_only: arguments.read_only,
        challenge: arguments.challenge,
        audit_log: arguments.audit_log.clone(),
        limits: limits(&arguments.limits),
    })
}

fn limits(limits: &Limits) -> server::Limits {
    server::Limits {
        body_bytes: limits.max_body.get().saturating_mul(1 << 20),
        pixels: (limits.max_pixels.get() as u64).saturating_mul(1_000_000),
        timeout: Duration::from_secs(limits.timeout.get() as u64),
        queue: limits.queue.get(),
        connections: limits.connections.get(),
    }
}

/// The token of a file's first line, or of the environment.
fn token(file: Option<&Path>, variable: &str) -> Result<Option<Token>> {
    let (text, origin) = match file {
        Some(file) => {
            let text = std::fs::read_to_string(file);
            let text = text.with_context(|| format!("cannot read {}", file.display()))?;
            (text.lines().next().unwrap_or_default().to_owned(), file.display().to_string())
        }
        None => match std::env::var(variable) {
            Ok(text) => (text, variable.to_owned()),
            Err(VarError::NotPresent) => return Ok(None),
            Err(error) => bail!("{variable}: {error}"),
        },
    };
    Ok(Some(Token::new(text.trim()).context(origin)?))
}

/// Adds what to do on the command line.
fn with_hint(error: server::Error) -> anyhow::Error {
    match error {
        server::Error::TokenMissing { .. } | server::Error::HostWithoutToken { .. } => anyhow!(
            "{error}: set one with FACENET_TOKEN or --token-file, for example \
             `openssl rand -hex 32`"
        ),
        server::Error::DoorTokenAlone => {
            anyhow!("{error}: set that with FACENET_TOKEN or --token-file")
        }
        server::Error::IndexSearch => anyhow!("{error}: --search hnsw is for `recognize`"),
        error => error.into(),
    }
}
