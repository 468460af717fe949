//! Batch normalization: `train` with the batch's own statistics, `evaluate` with
//! fixed ones, and the running statistics that lead from one to the other.

mod evaluate;
mod running;
mod train;

pub use running::{BatchMoments, RunningStatistics};
