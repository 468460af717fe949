//! Limits concurrent inference: one request per core plus a bounded queue. When the queue is
//! full, requests fail at once with 503.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Semaphore;

use crate::api_error::ApiError;

/// The cores and their queue.
pub(crate) struct Workers {
    cores: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
}

/// A slot of the queue, which is free again when this is dropped.
struct QueueSlot<'w>(&'w AtomicUsize);

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Workers {
    pub(crate) fn new(most_waiting: usize) -> Self {
        let cores = Arc::new(Semaphore::new(rayon::current_num_threads()));
        Self { cores, waiting: AtomicUsize::new(0), most_waiting }
    }

    /// How many requests wait now.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Runs `work` on a blocking thread once a core is free.
    ///
    /// A panic in `work` becomes a 500; the server continues.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let core = match Arc::clone(&self.cores).try_acquire_owned() {
            Ok(core) => core,
            Err(_) => {
                let slot = QueueSlot(&self.waiting);
                if self.waiting.fetch_add(1, Ordering::Relaxed) >= self.most_waiting {
                    drop(slot);
                    return Err(ApiError::busy("too many requests are waiting; try again later"));
                }
                let core = Arc::clone(&self.cores).acquire_owned().await;
                drop(slot);
                core.map_err(|_| ApiError::internal())?
            }
        };
        // A request that is given up leaves its work running; the core is free when that
        // is done and not before.
        let work = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(core);
            result
        });
        work.await.unwrap_or_else(|_| Err(ApiError::internal()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// The cores wait for the test, so the queue fills up whatever the machine is at.
    #[test]
    fn beyond_the_queue_work_is_refused_at_once() {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let workers = Arc::new(Workers::new(2));
            let cores = rayon::current_num_threads();
            let gates: Vec<_> = (0..cores + 2).map(|_| mpsc::channel::<()>()).collect();
            let (gates, waits): (Vec<_>, Vec<_>) = gates.into_iter().unzip();
            let asked: Vec<_> = waits
                .into_iter()
                .map(|wait| {
                    let workers = Arc::clone(&workers);
                    let work = move || Ok(wait.recv().is_ok());
                    tokio::spawn(async move { workers.run(work).await })
                })
                .collect();
            while workers.waiting() < 2 {
                tokio::task::yield_now().await;
            }
            let refused = workers.run(|| Ok(())).await.unwrap_err();
            assert_eq!((refused.status.as_u16(), refused.kind), (503, "busy"));
            assert_eq!(workers.waiting(), 2);
            gates.iter().for_each(|gate| gate.send(()).unwrap());
            for asked in asked {
                assert_eq!(asked.await.unwrap(), Ok(true));
            }
            assert_eq!(workers.run(|| Ok(7)).await, Ok(7));
        });
    }
}
