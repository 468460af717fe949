//! Routing table, and the middleware round every route: guard, limits, panic handler, log.

use std::any::Any;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State as Shared};
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tower_http::catch_panic::CatchPanicLayer;

use crate::api_error::ApiError;
use crate::state::State;
use crate::{guard, page, routes};

/// Everything that is served.
pub(crate) fn router(state: State) -> Router {
    let mut router = Router::new()
        .route("/v1/recognize", post(routes::recognize))
        .route("/v1/verify", post(routes::verify))
        .route("/v1/detect", post(routes::detect))
        .route("/v1/encode", post(routes::encode))
        .route("/v1/people", get(routes::list).post(routes::enroll))
        .route("/v1/people/{name}", get(routes::show).patch(routes::rename).delete(routes::remove))
        .route("/v1/people/{name}/photos", get(routes::photos))
        .route("/v1/people/{name}/photos/{photo}", get(routes::photo).delete(routes::remove_photo))
        .route("/v1/events", get(routes::events))
        .route("/v1/access", get(routes::access))
        .route("/healthz", get(routes::health))
        .route("/readyz", get(routes::ready))
        .route("/metrics", get(routes::metrics))
        .route("/openapi.json", get(routes::description));
    for path in page::paths() {
        let part = move || async move {
            page::part(path).unwrap_or_else(|| page_not_found().into_response())
        };
        router = router.route(path, get(part));
    }
    around(router, state)
}

/// Puts the guard, the limits and the log around routes.
pub(crate) fn around(router: Router<State>, state: State) -> Router {
    let judges = (Arc::clone(&state.guard), Arc::clone(&state.budget));
    router
        .fallback(|| async { page_not_found() })
        .method_not_allowed_fallback(|method: Method| async move {
            let error = format!("the method {method} is not allowed on this path");
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "bad_request", error)
        })
        // Bodies are read by `body`, within a budget that is ours.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(state.clone(), timed))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(judges, guard::check))
        .layer(from_fn_with_state(state.clone(), log_request))
        .layer(from_fn(with_headers))
        .with_state(state)
}

fn page_not_found() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "page_not_found", "there is no such page")
}

/// Ends a request that takes longer than the timeout.
async fn timed(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    match tokio::time::timeout(state.timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let error = format!("this took longer than {} seconds", state.timeout.as_secs());
            ApiError::new(StatusCode::REQUEST_TIMEOUT, "timeout", error).into_response()
        }
    }
}

/// A request that panics is answered, and the next one served.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request panicked");
    ApiError::internal().into_response()
}

/// Counts a request and logs it.
async fn log_request(Shared(state): Shared<State>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let method = match *request.method() {
        Method::GET | Method::POST | Method::PATCH | Method::DELETE | Method::HEAD => {
            request.method().clone()
        }
        // Anybody can make up methods, and each would have a counter of its own.
        _ => Method::OPTIONS,
    };
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or_else(|| "other".to_owned(), |route| route.as_str().to_owned());
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begin.elapsed());
    state.metrics.count(method.as_str(), &route, status, took);
    let micros = took.as_micros() as u64;
    tracing::info!(%method, %route, status, micros, "request");
    response
}

async fn with_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().extend(page::headers());
    response
}
