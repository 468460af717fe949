//! The operators as plain loops, against which the fast ones are tested.
//!
//! They are written from the formulas with index arithmetic only and share no kernel with
//! [`mod@crate::ops`], so that a mistake there cannot appear here, too. They are slow and
//! meant for tests.

mod average_pool2d;
mod batch_norm;
mod concat;
mod conv2d;
mod dense;
mod l2_normalize;
mod l2_pool2d;
mod local_response_norm;
mod max_pool2d;
mod pad2d;
mod relu;
mod squared_distances;

pub use average_pool2d::average_pool2d;
pub use batch_norm::{batch_norm, batch_norm_train};
pub use concat::concat_channels;
pub use conv2d::{conv2d, conv2d_backward_input, conv2d_backward_weight};
pub use dense::dense;
pub use l2_normalize::l2_normalize;
pub use l2_pool2d::l2_pool2d;
pub use local_response_norm::local_response_norm;
pub use max_pool2d::max_pool2d;
pub use pad2d::pad2d;
pub use relu::relu;
pub use squared_distances::squared_distances;
