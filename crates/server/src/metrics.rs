//! Counters for Prometheus, at `/metrics`.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// Upper bounds of the histogram's buckets in seconds.
const BUCKETS: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    /// The route, not the path: that may have a name in it.
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

/// The counters.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Labels, Counter>,
    seconds: Family<Route, Histogram>,
    people: Gauge,
    waiting: Gauge,
    held: Gauge,
    ready: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut metrics = Self {
            registry: Registry::with_prefix("facenet"),
            requests: Family::default(),
            seconds: Family::new_with_constructor(histogram),
            people: Gauge::default(),
            waiting: Gauge::default(),
            held: Gauge::default(),
            ready: Gauge::default(),
        };
        let registry = &mut metrics.registry;
        registry.register("requests", "Requests that were answered", metrics.requests.clone());
        registry.register_with_unit(
            "request_duration",
            "From a request's head to its answer",
            Unit::Seconds,
            metrics.seconds.clone(),
        );
        registry.register("people", "People who are enrolled", metrics.people.clone());
        let ready = "1 if the people who are enrolled could be reached when last needed, else 0";
        registry.register("ready", ready, metrics.ready.clone());
        registry.register("waiting", "Requests that wait for a core", metrics.waiting.clone());
        registry.register_with_unit(
            "bodies",
            "Bodies of requests in memory",
            Unit::Bytes,
            metrics.held.clone(),
        );
        metrics
    }

    pub(crate) fn count(&self, method: &str, route: &str, status: u16, took: Duration) {
        let (method, route) = (method.to_owned(), route.to_owned());
        self.seconds.get_or_create(&Route { route: route.clone() }).observe(took.as_secs_f64());
        self.requests.get_or_create(&Labels { method, route, status }).inc();
    }

    /// The text of now.
    pub(crate) fn text(
        &self,
        people: usize,
        waiting: usize,
        held: usize,
        is_ready: bool,
    ) -> String {
        for (gauge, value) in [
            (&self.people, people),
            (&self.waiting, waiting),
            (&self.held, held),
            (&self.ready, usize::from(is_ready)),
        ] {
            gauge.set(value as i64);
        }
        let mut text = String::new();
        // A string takes any text.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
