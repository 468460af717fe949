//! Everything but derivatives: the tape's rules, parameters, optimisers, schedules,
//! resuming, and the examples. One binary for all.

mod examples;
mod optimiser;
mod parameters;
mod random;
mod resume;
mod schedule;
mod tape;
mod threads;
