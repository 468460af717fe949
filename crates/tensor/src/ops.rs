//! The operators, in files of the same names as in [`mod@crate::reference`].
//!
//! Each takes views and returns a new array in standard layout. For training, where
//! allocating memory takes as long as some operators, `…_into` writes into an existing
//! array and `…_in_place` replaces the gradient of an output by that of its input.

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

pub use activation::{Activation, relu, relu_backward};
pub use conv2d::{
    Conv2dOptions, conv2d, conv2d_backward_bias, conv2d_backward_input, conv2d_backward_input_into,
    conv2d_backward_weight, conv2d_im2col, conv2d_into,
};
pub use depthwise::{
    depthwise_conv2d, depthwise_conv2d_backward_input, depthwise_conv2d_backward_input_into,
    depthwise_conv2d_backward_weight, depthwise_conv2d_into,
};
pub use distances::{squared_distances, squared_distances_into};
pub use layout::{
    Padding2d, concat_channels, concat_channels_backward, concat_channels_into, pad2d,
    pad2d_backward, pad2d_backward_into, pad2d_into,
};
pub use linear::{DenseGradient, dense, dense_backward};
pub use matrix::{gram, matmul};
pub use norm::{
    BatchNorm, BatchNormTrain, BatchStatistics, LocalResponseNormOptions, batch_norm,
    batch_norm_backward_in_place, batch_norm_train, batch_norm_train_into, l2_normalize,
    l2_normalize_backward, local_response_norm, local_response_norm_backward,
};
pub use pool::{
    Pool2dOptions, average_pool2d, average_pool2d_backward, average_pool2d_backward_into,
    average_pool2d_into, l2_pool2d, l2_pool2d_backward, l2_pool2d_into, max_pool2d,
    max_pool2d_backward, max_pool2d_backward_into, max_pool2d_into,
    max_pool2d_padded_backward_into, max_pool2d_padded_into, max_pool2d_with_indices,
    max_pool2d_with_indices_into,
};
pub use upsample::{upsample2d, upsample2d_backward, upsample2d_backward_into, upsample2d_into};
