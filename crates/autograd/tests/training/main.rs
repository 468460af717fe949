//! Everything but derivatives: the tape's rules, parameters, optimizers, schedules,
//! resuming, and the examples. One binary for all.

mod examples;
mod optimizer;
mod parameters;
mod random;
mod resume;
mod schedule;
mod tape;
mod threads;
