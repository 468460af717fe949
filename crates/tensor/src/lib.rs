//! NCHW operators on [`ndarray`] views, and the kernels under them.
//!
//! [`ops`] contains the fast operators, [`mod@reference`] the same functions as plain
//! loops, against which every fast path is tested; [`inference`] compiles networks of
//! operators to programs. The crate has no gradient tape, reads no files and depends on no
//! particular network.
//!
//! Conventions:
//!
//! * Images are `N × C × H × W`, convolution weights `O × C × KH × KW`.
//! * Any view is accepted, contiguous or not; it is copied only when a kernel needs
//!   standard layout.
//! * A wrong shape is a bug of the caller and panics with both numbers; check user input
//!   with the `output_size` functions first.
//! * Results are the same bits on every run and with any number of threads: work is
//!   divided by shape alone and sums have a fixed order.

// A view is a pointer, a shape and strides; operators take it by value, as the functions
// of `ndarray` do.
#![allow(clippy::needless_pass_by_value)]

mod element;
pub mod inference;
mod kernels;
pub mod level;
pub mod ops;
mod precision;
mod random;
pub mod reference;

pub use element::Element;
pub use level::Level;
pub use ops::{Activation, Padding2d};
pub use precision::{Precision, UnknownPrecision};
pub use random::Random;
