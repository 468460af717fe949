//! The machinery under the operators. It is private to the crate, because its
//! preconditions are the responsibility of the operators.
//!
//! Training convolutions are built on [`tile`], the innermost loop, which reads images in
//! the [`blocked`] layout: [`correlation`] computes the convolution and its derivative with
//! respect to the input, [`weight_gradient`] that with respect to the weight. The kernels of
//! compiled programs are in [`inference`].

pub(crate) mod aligned_buffer;
pub(crate) mod bf16;
pub(crate) mod blocked;
pub(crate) mod correlation;
pub(crate) mod distance;
pub(crate) mod gemm;
pub(crate) mod inference;
pub(crate) mod packed_weight;
pub(crate) mod peak;
pub(crate) mod planes;
pub(crate) mod scratch;
pub(crate) mod simd;
pub(crate) mod sums;
pub(crate) mod tasks;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod weight_gradient;
pub(crate) mod window;

/// The element types of all kernels: `f32` and `f64`.
pub trait KernelElement:
    gemm::GemmElement + scratch::ScratchElement + tile::TileElement + transpose::TransposeElement
{
}

impl KernelElement for f32 {}
impl KernelElement for f64 {}
