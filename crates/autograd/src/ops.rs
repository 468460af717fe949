//! The operators, grouped by kind.
//!
//! A file adds methods to [`Var`](crate::Var): each computes the output and records a
//! function that captures what the derivative needs and no more. Its documentation states
//! the derivative, and the value that is used where there is none. `docs/operators.md` lists
//! all of them.

mod arithmetic;
mod conv;
mod elementwise;
mod linear;
mod loss;
mod norm;
mod pool;
mod reduce;
mod shape;
mod upsample;

pub use norm::{BatchMoments, RunningStatistics};
