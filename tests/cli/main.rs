//! Tests of the command line: real binaries, real portraits, temporary folders.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

mod bench;
mod calibrate;
mod convert_weights;
mod covered;
mod demonstration;
mod detect;
mod encode;
mod enrolled;
mod enrollment;
mod evaluate;
mod gallery;
mod model;
mod photos;
mod streams;
mod train;
mod upkeep;
mod verify;
mod watch;
