//! Threads that walk through phases together.
//!
//! A forward pass takes about a millisecond and has some fifty phases; a fork and join
//! for each would cost more than it gains. So threads enter once and then claim items of
//! the phase from a counter; who finds none left waits, spinning, until all are done. A
//! thread that comes late, or never, holds nobody up: the others take its items.
//!
//! The waiting is bounded by one item's time, some microseconds, unless the thread that
//! computes it is kept from running; then spinning turns into yielding.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Turns of a waiting loop before it yields to other threads: some ten microseconds.
const SPINS: usize = 2_000;

/// How far a phase is.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Progress {
    claimed: AtomicUsize,
    done: AtomicUsize,
}

/// The state that a team shares. Kept from pass to pass.
#[derive(Debug, Default)]
pub(crate) struct Team {
    phases: Vec<Progress>,
    /// Whether a member panicked: its item will never be done.
    broken: AtomicBool,
    /// Members so far.
    members: AtomicUsize,
}

impl Team {
    /// Gets ready for a pass of `phases`; nobody may be in one.
    pub(crate) fn reset(&mut self, phases: usize) {
        if self.phases.len() < phases {
            self.phases.resize_with(phases, Progress::default);
        }
        for progress in &mut self.phases {
            *progress.claimed.get_mut() = 0;
            *progress.done.get_mut() = 0;
        }
        *self.broken.get_mut() = false;
        *self.members.get_mut() = 0;
    }

    /// Takes part in a pass of at most `threads` members: runs items until all phases
    /// are done. `items` tells how many a phase has, `run` computes one: phase, item and
    /// the member's number. What an item wrote is seen by all items of later phases.
    ///
    /// # Panics
    /// If another member panicked.
    pub(crate) fn work(
        &self,
        threads: usize,
        phases: usize,
        items: impl Fn(usize) -> usize,
        run: impl Fn(usize, usize, usize),
    ) {
        let member = self.members.fetch_add(1, Ordering::Relaxed);
        if member >= threads {
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
                let guard = BreakOnPanic(&self.broken);
                run(phase, item, member);
                std::mem::forget(guard);
                progress.done.fetch_add(1, Ordering::Release);
            }
            self.wait(progress, items);
        }
    }

    /// Waits until a phase is done.
    fn wait(&self, progress: &Progress, items: usize) {
        let mut turns = 0;
        while progress.done.load(Ordering::Acquire) < items {
            assert!(!self.broken.load(Ordering::Relaxed), "another thread of the pass panicked");
            turns += 1;
            if turns < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }
}

/// Tells the team if it is dropped, which only a panic does.
struct BreakOnPanic<'a>(&'a AtomicBool);

impl Drop for BreakOnPanic<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Runs `work` on this thread and offers it to `threads - 1` others of its pool; returns
/// when all that took it up have finished.
pub(crate) fn together(threads: usize, work: &(impl Fn() + Sync)) {
    if threads <= 1 {
        return work();
    }
    if rayon::current_thread_index().is_some() {
        // Within the pool an offer costs no memory.
        rayon::join(work, || together(threads - 1, work));
    } else {
        // From outside, this thread works as well and waits for nobody to wake up first.
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
            let mut team = Team::default();
            for _ in 0..50 {
                team.reset(3);
                let (runs, seen) = (AtomicU64::new(0), AtomicUsize::new(0));
                let items = |phase: usize| [5, 0, 70][phase];
                together(threads, &|| {
                    team.work(threads, 3, items, |phase, item, member| {
                        assert!(member < threads);
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
    fn a_panic_reaches_everyone() {
        let mut team = Team::default();
        team.reset(2);
        let caught = std::panic::catch_unwind(|| {
            together(2, &|| {
                team.work(2, 2, |_| 4, |phase, item, _| assert!((phase, item) != (0, 3), "item 3"));
            });
        });
        assert!(caught.is_err());
    }
}
