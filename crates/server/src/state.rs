//! State that all requests share.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::Limits;
use crate::body::Budget;
use crate::claims::Claims;
use crate::decisions::Decisions;
use crate::guard::Guard;
use crate::metrics::Metrics;
use crate::service::FaceService;
use crate::workers::Workers;

/// Bodies of the largest size that may be in memory together.
const LARGEST_BODIES: usize = 16;

/// Shared by all requests.
#[derive(Clone)]
pub(crate) struct State(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) service: Arc<FaceService>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) claims: Claims,
    pub(crate) decisions: Decisions,
    /// Whether the page asks for a turn of the head.
    pub(crate) challenge: bool,
    pub(crate) budget: Arc<Budget>,
    pub(crate) workers: Workers,
    pub(crate) metrics: Metrics,
    /// Permits one check of the store for `/readyz` at a time.
    pub(crate) checks: Arc<Semaphore>,
    /// From a request's head to its answer.
    pub(crate) timeout: Duration,
}

impl State {
    pub(crate) fn new(
        service: FaceService,
        guard: Guard,
        decisions: Decisions,
        challenge: bool,
        limits: &Limits,
    ) -> Self {
        Self(Arc::new(Inner {
            service: Arc::new(service),
            guard: Arc::new(guard),
            claims: Claims::default(),
            decisions,
            challenge,
            budget: Arc::new(Budget::new(
                limits.body_bytes,
                limits.body_bytes.saturating_mul(LARGEST_BODIES),
            )),
            workers: Workers::new(limits.queue),
            metrics: Metrics::new(),
            checks: Arc::new(Semaphore::new(1)),
            timeout: limits.timeout,
        }))
    }
}

impl std::ops::Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
