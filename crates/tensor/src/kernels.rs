//! The machinery under the operators. Private to the crate, because its
//! preconditions are the operators' business.
//!
//! Convolutions rest on [`tile`], the innermost loop, which reads images in
//! [`blocked`] layout: [`correlation`] computes them and their derivative with
//! respect to the input, [`weight_gradient`] that with respect to the weight.

pub(crate) mod bf16;
pub(crate) mod blocked;
pub(crate) mod correlation;
pub(crate) mod distance;
pub(crate) mod gemm;
pub(crate) mod huge;
pub(crate) mod inference;
pub(crate) mod packed_weight;
pub(crate) mod peak;
pub(crate) mod planes;
pub(crate) mod scratch;
pub(crate) mod sums;
pub(crate) mod tile;
pub(crate) mod transpose;
pub(crate) mod units;
pub(crate) mod vector;
pub(crate) mod weight_gradient;
pub(crate) mod wide;
pub(crate) mod window;
