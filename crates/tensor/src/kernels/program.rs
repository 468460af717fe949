//! What a compiled [`Program`](crate::inference::Program) runs on: steps over one
//! planned block of memory, in NCHW16c layout.
//!
//! Channels are divided into blocks of sixteen; the values of a pixel's block are adjacent
//! and form a vector. A value of the program is a [`Region`](region::Region) of a buffer
//! with zeros around it, so no kernel tests for the edge of an image, and a branch of a
//! network writes directly into its channels of the concatenation.
//!
//! | file | content |
//! | --- | --- |
//! | `region.rs` | the places of values in memory |
//! | `tile.rs` | the innermost loop: up to 9 pixels × 48 channels in registers |
//! | `convolution.rs` | direct convolution, any kernel and stride; dense layers |
//! | `winograd.rs` | F(m×m, r×r) for stride 1: fewer multiplications |
//! | `depthwise.rs` | depthwise convolution |
//! | `pool.rs`, `norm.rs`, `upsample.rs`, `layout.rs` | the other steps |
//! | `step.rs` | all of them as one enum, divided into items for threads |
//! | `arena.rs` | the memory |
//! | `barrier.rs` | assigns items to threads and waits for the end of each phase |
//! | `schedule.rs` | the phases of a program, checked, and passes through them |
//!
//! The training kernels check the arrays that their callers pass at each call; these use
//! raw pointers into an arena that was checked when the program was compiled.

pub(crate) mod arena;
pub(crate) mod barrier;
pub(crate) mod convolution;
pub(crate) mod depthwise;
pub(crate) mod layout;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod region;
pub(crate) mod schedule;
pub(crate) mod step;
mod tile;
pub(crate) mod upsample;
pub(crate) mod winograd;
