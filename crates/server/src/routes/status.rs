//! Of the server: whether it runs, what it counts, what it can be asked.

use axum::Json;
use axum::extract::State as Shared;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::state::State;

/// `GET /healthz`
pub(crate) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }))
}

/// `GET /metrics`
pub(crate) async fn metrics(Shared(state): Shared<State>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let waiting = state.workers.waiting();
    let text = state.metrics.text(state.service.len(), waiting, state.budget.held());
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}

/// `GET /openapi.json`
pub(crate) async fn description() -> Response {
    let kind = "application/json";
    ([(header::CONTENT_TYPE, kind)], include_str!("../openapi.json")).into_response()
}
