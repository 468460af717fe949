//! The kernels of training operators, which work on arrays of the caller and check them at
//! each call.
//!
//! | file | content |
//! | --- | --- |
//! | `tile.rs` | the innermost loop of convolutions: a block of a matrix product |
//! | `products.rs` | how they multiply: numbers, or pairs of bf16 numbers |
//! | `blocked.rs` | the layout that tiles read |
//! | `correlation.rs` | the convolution, and its derivative with respect to the input |
//! | `weight_gradient.rs` | its derivative with respect to the weight |
//! | `depthwise.rs` | depthwise convolutions and their derivatives |
//! | `matrix.rs` | products of matrices by the same tiles |
//! | `max_window.rs` | the windows of max-pools, with indices |
//! | `pool_window.rs` | the windows of other pools |

pub(crate) mod blocked;
pub(crate) mod correlation;
pub(crate) mod depthwise;
pub(crate) mod matrix;
pub(crate) mod max_window;
pub(crate) mod pool_window;
pub(crate) mod products;
pub(crate) mod tile;
pub(crate) mod weight_gradient;
