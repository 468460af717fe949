//! The operators, in files of the same names as in [`mod@crate::reference`].
//!
//! Each takes views and returns a new array in standard layout. For training, where
//! allocating memory takes as long as some operators, `…_into` writes into an existing
//! array and `…_in_place` replaces the gradient of an output by that of its input.

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
mod pool2d;
mod relu;
mod squared_distances;

pub use average_pool2d::{
    average_pool2d, average_pool2d_backward, average_pool2d_backward_into, average_pool2d_into,
};
pub use batch_norm::{
    BatchNorm, BatchNormGradient, BatchNormTrain, BatchStatistics, batch_norm, batch_norm_backward,
    batch_norm_backward_in_place, batch_norm_train, batch_norm_train_into,
};
pub use concat::{concat_channels, concat_channels_backward, concat_channels_into};
pub use conv2d::{
    Conv2dOptions, PackedConv2dWeight, conv2d, conv2d_backward_bias, conv2d_backward_input,
    conv2d_backward_input_into, conv2d_backward_weight, conv2d_im2col, conv2d_into,
    conv2d_packed_into,
};
pub use dense::{DenseGradient, dense, dense_backward};
pub use l2_normalize::{l2_normalize, l2_normalize_backward};
pub use l2_pool2d::{l2_pool2d, l2_pool2d_backward, l2_pool2d_into};
pub use local_response_norm::{
    LocalResponseNormOptions, local_response_norm, local_response_norm_backward,
};
pub use max_pool2d::{
    max_pool2d, max_pool2d_backward, max_pool2d_backward_into, max_pool2d_into,
    max_pool2d_with_indices, max_pool2d_with_indices_into,
};
pub use pad2d::{pad2d, pad2d_backward, pad2d_backward_into, pad2d_into};
pub use pool2d::Pool2dOptions;
pub use relu::{relu, relu_backward};
pub use squared_distances::{squared_distances, squared_distances_into};
