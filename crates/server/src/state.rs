//! What every request can reach.

use std::sync::Arc;
use std::time::Duration;

use crate::Limits;
use crate::body::Budget;
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
    pub(crate) guard: Guard,
    pub(crate) budget: Arc<Budget>,
    pub(crate) workers: Workers,
    pub(crate) metrics: Metrics,
    /// From a request's head to its answer.
    pub(crate) timeout: Duration,
}

impl State {
    pub(crate) fn new(service: FaceService, guard: Guard, limits: &Limits) -> Self {
        Self(Arc::new(Inner {
            service: Arc::new(service),
            guard,
            budget: Arc::new(Budget::new(limits.body_bytes, LARGEST_BODIES * limits.body_bytes)),
            workers: Workers::new(limits.queue),
            metrics: Metrics::new(),
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
