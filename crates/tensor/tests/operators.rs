//! Every operator against its reference: one file each, one binary for all.

mod average_pool2d;
mod batch_norm;
mod concat;
mod conv2d;
mod dense;
mod gradient;
mod inference;
mod into;
mod l2_normalize;
mod l2_pool2d;
mod local_response_norm;
mod max_pool2d;
mod pad2d;
mod relu;
mod squared_distances;
mod support;
