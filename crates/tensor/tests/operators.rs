//! Every operator against its reference, in files of the names of `src/ops`; compiled programs;
//! one binary for all.

mod activation;
mod bf16;
mod conv2d;
mod depthwise;
mod distances;
mod gradient;
mod inference;
mod inference_maps;
mod into;
mod layout;
mod linear;
mod matrix;
mod norm;
mod pool;
mod support;
mod upsample;
mod winograd;
