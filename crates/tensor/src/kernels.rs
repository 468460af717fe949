//! The machinery under the operators. It is private to the crate, because its
//! preconditions are the responsibility of the operators.
//!
//! [`train`] has the kernels of training operators, [`program`] those of compiled programs.
//! Both use [`simd`], the vectors of each machine, and [`packed_weight`], the order in which
//! convolutions read weights.

pub(crate) mod aligned_buffer;
pub(crate) mod bf16;
pub(crate) mod gemm;
pub(crate) mod packed_weight;
pub(crate) mod peak;
pub(crate) mod planes;
pub(crate) mod program;
pub(crate) mod scratch;
pub(crate) mod simd;
pub(crate) mod sums;
pub(crate) mod tasks;
pub(crate) mod train;
pub(crate) mod transpose;

/// The element types of all kernels: `f32` and `f64`.
pub trait KernelElement:
    gemm::GemmElement + scratch::ScratchElement + train::tile::TileElement + transpose::TransposeElement
{
}

impl KernelElement for f32 {}
impl KernelElement for f64 {}
