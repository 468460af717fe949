//! What every request can reach.

use std::sync::Arc;
use std::time::Duration;

use super::body::Budget;
use super::guard::Guard;
use super::metrics::Metrics;
use super::service::FaceService;
use super::workers::Workers;
use crate::arguments::Limits;

/// Bodies of the largest size that may be in memory together.
const LARGEST_BODIES: usize = 16;

/// Shared by all requests.
#[derive(Clone)]
pub(super) struct State(Arc<Inner>);

pub(super) struct Inner {
    pub(super) service: Arc<FaceService>,
    pub(super) guard: Guard,
    pub(super) budget: Arc<Budget>,
    pub(super) workers: Workers,
    pub(super) metrics: Metrics,
    /// From a request's head to its answer.
    pub(super) timeout: Duration,
}

impl State {
    pub(super) fn new(service: FaceService, guard: Guard, limits: &Limits) -> Self {
        let body = limits.max_body.get() << 20;
        Self(Arc::new(Inner {
            service: Arc::new(service),
            guard,
            budget: Arc::new(Budget::new(body, LARGEST_BODIES * body)),
            workers: Workers::new(limits.queue.get()),
            metrics: Metrics::new(),
            timeout: Duration::from_secs(limits.timeout.get() as u64),
        }))
    }
}

impl std::ops::Deref for State {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}
