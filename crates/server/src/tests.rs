//! The server without a socket: what is around the routes, tried with routes that
//! misbehave.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use biometrics::policy::{IdentificationOptions, IdentificationPolicy};
use facenet::gallery::CROP_VERSION;
use faces::FacePipeline;
use store::{Access, Model, Store};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::Limits;
use crate::api_error::ApiError;
use crate::body::Form;
use crate::decisions::Decisions;
use crate::guard::Guard;
use crate::router::around;
use crate::service::FaceService;
use crate::state::State;

/// A server's state; its folder goes with the test.
pub(crate) fn state(limits: &Limits) -> (TempDir, State) {
    let folder = tempfile::tempdir().unwrap();
    let pipeline = FacePipeline::embedded().unwrap();
    let policy = IdentificationPolicy::new(None, &IdentificationOptions::default()).unwrap();
    let variant = "happyhouse".to_owned();
    let (weights_sha256, crop_version) = ("0a".repeat(32), CROP_VERSION.to_owned());
    let model = Model { variant, weights_sha256, crop_version };
    let store = Store::open(&folder.path().join("x"), &model, Access::Write).unwrap();
    let service = FaceService::new(pipeline, policy, store, limits).unwrap();
    let hosts = Vec::new();
    let guard = Guard { loopback: true, hosts, token: None, door_token: None, read_only: false };
    (folder, State::new(service, guard, Decisions::new(None), false, limits))
}

async fn ask(router: &Router, path: &str, body: impl Into<Body>) -> StatusCode {
    let request = Request::post(path).header("host", "localhost").body(body.into()).unwrap();
    router.clone().oneshot(request).await.unwrap().status()
}

/// Runs a test's requests.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work)
}

#[test]
fn a_panic_is_one_requests_500() {
    async fn in_the_route() -> StatusCode {
        panic!("a test's panic")
    }
    let (_folder, state) = state(&Limits::default());
    let workers = state.clone();
    let in_the_work = move || async move {
        let work = || -> Result<StatusCode, ApiError> { panic!("a test's panic") };
        workers.workers.run(work).await
    };
    let router = Router::new()
        .route("/route", post(in_the_route))
        .route("/work", post(in_the_work))
        .route("/well", post(|| async { StatusCode::OK }));
    let router = around(router, state.clone());
    block_on(async {
        // More often than there are cores: none is lost.
        for _ in 0..20 {
            assert_eq!(ask(&router, "/route", "").await, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(ask(&router, "/work", "").await, StatusCode::INTERNAL_SERVER_ERROR);
            assert_eq!(ask(&router, "/well", "").await, StatusCode::OK);
        }
    });
    assert_eq!(state.workers.waiting(), 0);
}

#[test]
fn a_request_that_takes_too_long_is_told_and_leaves_the_queue() {
    let (_folder, state) = state(&Limits { timeout: Duration::from_secs(1), ..Limits::default() });
    let router = Router::new().route("/slow", get(|| async {}).post(std::future::pending::<()>));
    let router = around(router, state.clone());
    let status = block_on(ask(&router, "/slow", ""));
    assert_eq!(status, StatusCode::REQUEST_TIMEOUT);
}

#[test]
fn bodies_share_a_budget_and_give_it_back() {
    let (_folder, state) = state(&Limits { body_bytes: 1 << 20, ..Limits::default() });
    let shared = state.clone();
    // Holds its body until the test releases it.
    let (release, _) = tokio::sync::broadcast::channel::<()>(1);
    let gate = release.clone();
    let keep = move |request: axum::extract::Request| async move {
        let mut released = gate.subscribe();
        let form = Form::read(request, &shared.budget, &["photo"]).await?;
        // Only an error of the channel, which means the same.
        let _ = released.recv().await;
        drop(form);
        Ok::<_, ApiError>(StatusCode::OK)
    };
    let router = around(Router::new().route("/keep", post(keep)), state.clone());
    let body = || vec![0_u8; 1 << 20];
    block_on(async {
        let held: Vec<_> = (0..16)
            .map(|_| {
                let router = router.clone();
                tokio::spawn(async move { ask(&router, "/keep", vec![0_u8; 1 << 20]).await })
            })
            .collect();
        while state.budget.held() < 16 << 20 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(ask(&router, "/keep", body()).await, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(
            ask(&router, "/keep", [body(), vec![0]].concat()).await,
            StatusCode::PAYLOAD_TOO_LARGE
        );
        release.send(()).unwrap();
        for held in held {
            assert_eq!(held.await.unwrap(), StatusCode::OK);
        }
    });
    assert_eq!(state.budget.held(), 0);
}
