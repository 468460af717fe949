//! Routes `/healthz`, `/readyz`, `/metrics`, `/openapi.json`, `/v1/access`.

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};

use crate::api_error::ApiError;
use crate::guard::{Purpose, Role};
use crate::query::{NoQuery, Params};
use crate::responses::Access;
use crate::state::State;

/// `GET /healthz`
pub(crate) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /v1/access`: what whoever asks may do.
pub(crate) async fn access(
    Shared(state): Shared<State>,
    Extension(role): Extension<Role>,
    Params(NoQuery {}): Params<NoQuery>,
) -> Json<Access> {
    let [ring, list, change] = [Purpose::Ring, Purpose::Read, Purpose::Change]
        .map(|purpose| state.guard.allows(role, purpose));
    Json(Access { ring, list, change, challenge: state.challenge })
}

/// `GET /readyz`: whether the people who are enrolled can be reached, and decisions be logged.
pub(crate) async fn ready(
    Shared(state): Shared<State>,
) -> Result<Json<serde_json::Value>, ApiError> {
    let service = Arc::clone(&state.service);
    let has_space = match Arc::clone(&state.checks).try_acquire_owned() {
        Ok(turn) => {
            // Not in the workers' queue: a server that has much to do is ready.
            let shared = state.clone();
            let check = move || {
                shared.decisions.check();
                let checked = service.check_store();
                drop(turn);
                checked
            };
            let checked = tokio::task::spawn_blocking(check).await;
            checked.map_err(|_| ApiError::internal())??
        }
        // One check at a time: the store may take long to answer, and anybody may ask.
        Err(_) if service.is_store_reachable() => service.has_space(),
        Err(_) => return Err(ApiError::busy("the store did not answer and is being asked again")),
    };
    // Who is enrolled is recognized even if nobody can be added.
    let audit = state.decisions.audit_state();
    let changes = if has_space { "ok" } else { "no_space" };
    Ok(Json(serde_json::json!({ "status": "ready", "changes": changes, "audit": audit })))
}

/// `GET /metrics`
pub(crate) async fn metrics(Shared(state): Shared<State>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let waiting = state.workers.waiting();
    let people = state.service.len();
    let is_ready = state.service.is_store_reachable();
    let text = state.metrics.text(people, waiting, state.budget.held(), is_ready);
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// `GET /openapi.json`
pub(crate) async fn description() -> Response {
    let kind = "application/json";
    ([(header::CONTENT_TYPE, kind)], include_str!("../openapi.json")).into_response()
}
