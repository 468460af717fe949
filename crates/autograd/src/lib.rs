//! Reverse-mode differentiation of [`tensor`]'s operators, and training with it.
//!
//! A [`Tape`] records operators, a [`Var`] is a value on it, and [`Var::backward`] visits
//! the tape from its end and returns the [`Gradients`] of its leaves. For training there are
//! named [`Parameters`] in groups, an [`Optimizer`], a learning rate [`Schedule`] and initial
//! values ([`initial`]); [`gradcheck`] compares derivatives with central differences, for
//! the operators of this crate and for functions of your own.
//!
//! To understand the crate, read `tape.rs`, `backward.rs` and `var.rs`, then any file of
//! `ops/`.
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
//! * Shapes are checked when an operator is called. A wrong shape is a bug of the caller and
//!   panics with the operator's name and both shapes, as in `tensor`. Failures that data or
//!   files can cause are [`Error`]s.
//! * A value is stored once: variables, reshapes and backward functions share it. The
//!   backward pass frees the values of each step as soon as it has visited it, and the tape
//!   keeps their memory for the next step: use one tape for a whole training.
//! * The same inputs give the same bits, with any number of threads.
#![forbid(unsafe_code)]

mod axes;
mod backward;
mod buffers;
mod error;
pub mod gradcheck;
pub mod initial;
mod ops;
pub mod optimizer;
mod parallel;
mod parameters;
mod schedule;
mod tape;
mod var;

pub use backward::{Gradients, ParentGradients};
pub use error::Error;
pub use ops::{BatchMoments, RunningStatistics};
pub use optimizer::Optimizer;
pub use parameters::{GroupId, Leaves, ParameterGradients, ParameterGroup, Parameters};
pub use schedule::Schedule;
pub use tape::Tape;
pub use tensor::Random;
pub use var::Var;
