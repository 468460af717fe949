//! Networks compiled for inference: all shapes known, all memory planned, nothing
//! allocated while they run.
//!
//! [`ProgramBuilder`] takes operators one after another, as a network's definition
//! names them; [`ProgramBuilder::finish`] makes a [`Program`] of them:
//!
//! * padding becomes a border round the value that is read, and a concatenation the
//!   place that its branches write into;
//! * bias and activation are part of a convolution's last store;
//! * a first convolution of stride 2 becomes one of stride 1 over four phases;
//! * stride-1 kernels of 3×3, 4×4 and 5×5 are computed by Winograd's method where that is
//!   faster, the rest directly;
//! * steps that do not need each other form a phase, and buffers whose lives do not
//!   overlap share memory.
//!
//! There is no gradient here. Values are `f32`; a [`Precision`] may have the convolutions
//! multiply shorter numbers. Results are the same bits for any number of threads and any images beside an image.
//!
//! # Examples
//!
//! ```
//! use ndarray::{Array4, array};
//! use tensor::inference::ProgramBuilder;
//! use tensor::ops::Conv2dOptions;
//! use tensor::{Activation, Padding2d};
//!
//! let mut builder = ProgramBuilder::new([1, 3, 3]);
//! let options = Conv2dOptions {
//!     padding: Padding2d::same(1),
//!     activation: Activation::Relu,
//!     ..Conv2dOptions::default()
//! };
//! let weight = Array4::ones((1, 1, 3, 3));
//! let input = builder.input();
//! let output = builder.convolution("count", input, weight, &[-5.0], options);
//! let program = builder.finish(output);
//!
//! let mut result = [0.0; 9];
//! program.run(Array4::ones((1, 1, 3, 3)).view(), &mut result);
//! // Each value counts its neighbours, less five.
//! assert_eq!(result, [0.0, 1.0, 0.0, 1.0, 4.0, 1.0, 0.0, 1.0, 0.0]);
//! ```

mod builder;
mod folding;
mod memory;
mod method;
mod placement;
mod precision;
mod profile;
mod program;
mod weight;

pub use builder::{ProgramBuilder, Value};
pub use precision::{Precision, UnknownPrecision};
pub use profile::StepProfile;
pub use program::Program;
pub use weight::ScaledWeight;
