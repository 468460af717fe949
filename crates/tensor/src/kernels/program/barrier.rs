//! Threads that run the phases of a pass in lockstep.
//!
//! A forward pass takes about a millisecond and has some fifty phases; a fork and join
//! for each would cost more than it gains. So threads enter a pass once, claim items from
//! an atomic counter and spin until the phase is complete. A late or missing thread blocks
//! no other thread; the others take its items.
//!
//! A thread spins for at most the duration of one item, some microseconds, unless the
//! thread that computes the item is preempted; then spinning turns into yielding.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Iterations of a waiting loop before it yields to other threads: some ten microseconds.
const SPINS: usize = 2_000;

/// The progress of a phase.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Progress {
    claimed: AtomicUsize,
    done: AtomicUsize,
}

/// Assigns the items of each phase to threads. Reused by successive passes.
#[derive(Debug, Default)]
pub(crate) struct PhaseScheduler {
    phases: Vec<Progress>,
    /// Whether a thread panicked, so that its item will never be done.
    panicked: AtomicBool,
    /// Threads that have entered the pass.
    workers: AtomicUsize,
}

impl PhaseScheduler {
    /// Prepares a pass of `phases`; the exclusive borrow proves that none is running.
    pub(crate) fn reset(&mut self, phases: usize) {
        if self.phases.len() < phases {
            self.phases.resize_with(phases, Progress::default);
        }
        for progress in &mut self.phases {
            *progress.claimed.get_mut() = 0;
            *progress.done.get_mut() = 0;
        }
        *self.panicked.get_mut() = false;
        *self.workers.get_mut() = 0;
    }

    /// Runs items on the calling thread until all phases are complete; at most `threads`
    /// threads take part, further ones return at once.
    ///
    /// `items` returns the number of items of a phase; `run` receives phase, item and the
    /// number of the thread. Writes of an item are visible to all items of later phases.
    ///
    /// # Panics
    /// If another thread of the pass panicked.
    pub(crate) fn run_worker(
        &self,
        threads: usize,
        phases: usize,
        items: impl Fn(usize) -> usize,
        run: impl Fn(usize, usize, usize),
    ) {
        let worker = self.workers.fetch_add(1, Ordering::Relaxed);
        if worker >= threads {
            return;
        }
        for (phase, progress) in self.phases[..phases].iter().enumerate() {
            let items = items(phase);
            loop {
                if progress.claimed.load(Ordering::Relaxed) >= items {
                    break;
                }
                let item = progress.claimed.fetch_add(1, Ordering::Relaxed);
                if item >= items {
                    break;
                }
                let guard = FlagOnDrop(&self.panicked);
                run(phase, item, worker);
                std::mem::forget(guard);
                progress.done.fetch_add(1, Ordering::Release);
            }
            self.wait(progress, items);
        }
    }

    /// Waits until a phase is complete.
    fn wait(&self, progress: &Progress, items: usize) {
        let mut spins = 0;
        while progress.done.load(Ordering::Acquire) < items {
            assert!(!self.panicked.load(Ordering::Relaxed), "another thread of the pass panicked");
            spins += 1;
            if spins < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Sets the flag when it is dropped, which happens only if the item panics.
struct FlagOnDrop<'a>(&'a AtomicBool);

impl Drop for FlagOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on this thread and on up to `threads - 1` others of its pool; returns when
/// all that started it have finished.
pub(crate) fn on_threads(threads: usize, work: &(impl Fn() + Sync)) {
    if threads <= 1 {
        return work();
    }
    if rayon::current_thread_index().is_some() {
        // Within the pool a join allocates nothing.
        rayon::join(work, || on_threads(threads - 1, work));
    } else {
        // Outside the pool, this thread runs `work`, too, without waiting for the others.
        rayon::in_place_scope(|scope| {
            for _ in 1..threads {
                scope.spawn(|_| work());
            }
            work();
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use super::*;

    #[test]
    fn every_item_runs_once_and_after_the_phase_before() {
        for threads in [1, 2, 3] {
            let mut scheduler = PhaseScheduler::default();
            for _ in 0..50 {
                scheduler.reset(3);
                let (runs, seen) = (AtomicU64::new(0), AtomicUsize::new(0));
                let items = |phase: usize| [5, 0, 70][phase];
                on_threads(threads, &|| {
                    scheduler.run_worker(threads, 3, items, |phase, item, worker| {
                        assert!(worker < threads);
                        if phase == 2 {
                            assert_eq!(runs.load(Ordering::Relaxed) & 31, 31);
                            seen.fetch_add(item, Ordering::Relaxed);
                        } else {
                            runs.fetch_or(1 << item, Ordering::Relaxed);
                        }
                    });
                });
                assert_eq!(seen.load(Ordering::Relaxed), 69 * 70 / 2);
            }
        }
    }

    #[test]
    fn a_panic_reaches_every_thread() {
        let mut scheduler = PhaseScheduler::default();
        scheduler.reset(2);
        let caught = std::panic::catch_unwind(|| {
            on_threads(2, &|| {
                let fail_at_item_3 =
                    |phase, item, _| assert!((phase, item) != (0, 3), "item {item}");
                scheduler.run_worker(2, 2, |_| 4, fail_at_item_3);
            });
        });
        assert!(caught.is_err());
    }
}
