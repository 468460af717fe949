//! Route `/v1/events`: decisions as they are made, as server-sent events.

use std::convert::Infallible;

use axum::extract::State as Shared;
use axum::response::IntoResponse;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::unfold;
use tokio::sync::broadcast::error::RecvError;

use crate::api_error::ApiError;
use crate::decisions::Listener;
use crate::query::{NoQuery, Params};
use crate::state::State;

/// Asks proxies that collect answers (nginx) to hand on each event as it comes.
const UNBUFFERED: [(&str, &str); 1] = [("x-accel-buffering", "no")];

/// `GET /v1/events`
pub(crate) async fn events(
    Shared(state): Shared<State>,
    Params(NoQuery {}): Params<NoQuery>,
) -> Result<impl IntoResponse, ApiError> {
    let listener = state.decisions.listen().map_err(ApiError::busy)?;
    let events = Sse::new(unfold(listener, next)).keep_alive(KeepAlive::default());
    Ok((UNBUFFERED, events))
}

/// The next event; nothing when the server ends.
async fn next(mut listener: Listener) -> Option<(Result<Event, Infallible>, Listener)> {
    let event = match listener.events.recv().await {
        Ok(decision) => Event::default().event("decision").json_data(&*decision).ok()?,
        Err(RecvError::Lagged(missed)) => Event::default().event("missed").data(missed.to_string()),
        Err(RecvError::Closed) => return None,
    };
    Some((Ok(event), listener))
}
