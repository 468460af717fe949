//! Reverse-mode differentiation over [`tensor`]'s operators, and what trains with it.
//!
//! A [`Tape`] remembers what was computed, a [`Var`] is a value on it, and
//! [`Var::backward`] walks the tape from the end to the [`Gradients`] of its
//! leaves. Around that: named [`Parameters`] in groups, an [`Optimiser`] for
//! them, a learning-rate [`Schedule`], starting values ([`initial`]) and
//! [`gradcheck`], which holds every operator against central differences.
//!
//! To read it in one sitting: `tape.rs`, `backward.rs`, `var.rs`, then any file of
//! `ops/`, which is named as its counterpart in [`tensor::ops`].
//!
//! ```
//! use autograd::Tape;
//! use ndarray::array;
//!
//! let tape = Tape::new();
//! let weight = tape.parameter(array![[1.0_f32, 2.0]]);
//! let input = tape.constant(array![[3.0], [4.0]]);
//! let loss = weight.matmul(&input).square().sum(); // (1·3 + 2·4)² = 121
//! assert_eq!(loss.item(), 121.0);
//! let gradients = loss.backward();
//! assert_eq!(gradients.get(&weight), Some(&array![[66.0, 88.0]].into_dyn()));
//! ```
//!
//! Conventions:
//!
//! * Shapes are checked when an operator is called. A wrong one is a bug of the
//!   caller and panics with the operator's name and both numbers, as in `tensor`.
//!   What data or files can cause is an [`Error`].
//! * A value is stored once: variables, reshapes and backward functions share it.
//!   The walk frees each step's values as soon as it has passed, and the tape keeps
//!   their memory for the next step: keep one tape for a whole training.
//! * The same inputs give the same bits, with any number of threads.
#![forbid(unsafe_code)]

mod axes;
mod backward;
mod buffers;
mod elementwise;
mod error;
pub mod gradcheck;
mod gradients;
pub mod initial;
mod ops;
pub mod optimiser;
mod parameters;
mod schedule;
mod tape;
mod var;

pub use backward::ParentGradients;
pub use error::Error;
pub use gradients::Gradients;
pub use ops::{BatchMoments, RunningStatistics};
pub use optimiser::Optimiser;
pub use parameters::{GroupId, Leaves, ParameterGradients, ParameterGroup, Parameters};
pub use schedule::Schedule;
pub use tape::Tape;
pub use tensor::Random;
pub use var::Var;
