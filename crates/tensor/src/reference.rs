//! The operators as plain loops, against which the fast ones are tested.
//!
//! They are written from the formulas with index arithmetic only and share no kernel with
//! [`mod@crate::ops`], so that a mistake there cannot appear here, too. They are slow and
//! meant for tests.

mod activation;
mod conv2d;
mod depthwise;
mod distances;
mod layout;
mod linear;
mod matrix;
mod norm;
mod pool;
mod upsample;

pub use activation::relu;
pub use conv2d::{conv2d, conv2d_backward_input, conv2d_backward_weight};
pub use depthwise::{
    depthwise_conv2d, depthwise_conv2d_backward_input, depthwise_conv2d_backward_weight,
};
pub use distances::squared_distances;
pub use layout::{concat_channels, pad2d};
pub use linear::dense;
pub use matrix::{gram, matmul};
pub use norm::{batch_norm, batch_norm_train, l2_normalize, local_response_norm};
pub use pool::{average_pool2d, l2_pool2d, max_pool2d};
pub use upsample::{upsample2d, upsample2d_backward};
