//! The server behind `facenet serve`: the door on a web page, and its interface for
//! programs.
//!
//! ```text
//! connections ─► guard ─► body ─► workers ─► pipeline ─► service
//! bounded,       Host,    bounded one a core, decode,     gallery in memory,
//! idle closed    Origin,  bytes   a bounded   find,       store on disk
//!                token            queue       encode
//! ```
//!
//! What comes from outside is bounded at each step: connections, time, bytes of all
//! bodies together, pixels, requests that wait. Beyond a bound the answer is an error
//! of HTTP and the next request is served. Uploads stay in memory; the log tells
//! neither names nor numbers of people.

mod api_error;
mod body;
mod connections;
mod guard;
mod log;
mod metrics;
mod page;
mod responses;
mod router;
mod routes;
mod service;
mod state;
#[cfg(test)]
mod tests;
mod workers;

use anyhow::{Context, Result, bail};
use faces::FaceLocation;
use guard::{Guard, token};
use service::FaceService;
use state::State;
use store::Access;

use crate::arguments::Serve;
use crate::decision::identification;
use crate::enrolled;
use crate::face_reader::{load, pipeline};
use crate::output::{Output, line};

/// Serves until Ctrl-C or SIGTERM, then lets requests in hand finish.
pub(crate) fn run(arguments: &Serve, output: &mut Output) -> Result<()> {
    log::begin(arguments.log)?;
    let loopback = arguments.listen.ip().is_loopback();
    let token = token(arguments.token_file.as_deref())?;
    if !loopback && token.is_none() {
        bail!(
            "{} can be reached from other machines: set a token with FACENET_TOKEN or \
             --token-file, for example `openssl rand -hex 32`",
            arguments.listen
        );
    }
    let choice = &arguments.store.model;
    let model = load(choice)?;
    let pipeline = pipeline(choice, &model, FaceLocation::default())?;
    let store = enrolled::open(&arguments.store, &model, Access::Write)?;
    if store.has_index_search() {
        bail!(
            "the server holds everybody in memory and compares with all of them, exactly: \
             --search hnsw is for `recognize`"
        );
    }
    let policy = identification(&arguments.admission, &model)?;
    let service = FaceService::new(pipeline, enrolled::identity(&model), policy, store, arguments)?;

    let guard = Guard { loopback, hosts: arguments.hosts.clone(), token };
    let state = State::new(service, guard, &arguments.limits);
    // The last to let go of a database's connection must not be a task of the runtime.
    let _house = std::sync::Arc::clone(&state.service);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let context = || format!("cannot listen on {}", arguments.listen);
        let listener = connections::listen(arguments.listen).with_context(context)?;
        let address = listener.local_addr().with_context(context)?;
        line!(output, "The door is at http://{address}/")?;
        if loopback && state.guard.token.is_none() {
            line!(output, "Whoever uses this machine can open it; Ctrl-C closes it.")?;
        }
        output.flush()?;
        let most = arguments.limits.connections.get();
        connections::serve(listener, router::router(state), most, shutdown()).await;
        anyhow::Ok(())
    })?;
    // Work that a request gave up on is not waited for.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    Ok(())
}

/// Ends at the first Ctrl-C or SIGTERM.
async fn shutdown() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            // Then only the other way is left.
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                () = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await;
}
