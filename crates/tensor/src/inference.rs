//! Networks compiled for inference: all shapes known, all memory planned, nothing
//! allocated while they run.
//!
//! [`ProgramBuilder`] collects operators in the order of a network's definition;
//! [`ProgramBuilder::finish`] compiles them to a [`Program`]:
//!
//! * padding becomes a border around the value that is read, and the inputs of a
//!   concatenation are written directly into its channels;
//! * bias and activation are part of a convolution's last store;
//! * a first convolution of stride 2 becomes one of stride 1 over four phases;
//! * stride-1 kernels of 3×3, 4×4 and 5×5 are computed by Winograd's method where that is
//!   faster, the others directly;
//! * steps that do not depend on each other form a phase, and buffers whose live ranges do
//!   not overlap share memory.
//!
//! Programs have no gradients. Values are `f32`; with [`Precision::Bf16`], convolutions
//! multiply bf16 numbers. The result of an image is the same bits for any number of threads
//! and in any batch.
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
//! // Each output is the number of its neighbors in the image, less five.
//! assert_eq!(result, [0.0, 1.0, 0.0, 1.0, 4.0, 1.0, 0.0, 1.0, 0.0]);
//! ```

mod builder;
mod method;
mod planner;
mod program;
mod weight;

pub use crate::precision::{Precision, UnknownPrecision};
pub use builder::{ProgramBuilder, Value};
pub use program::{Program, StepProfile};
pub use weight::ScaledWeight;
