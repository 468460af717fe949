//! What a compiled [`Program`](crate::inference::Program) runs on: steps over one
//! planned block of memory, in NCHW16c layout.
//!
//! Channels are cut into blocks of sixteen, the values of a pixel's block side by
//! side: a vector. A value lies in a [`Region`](region::Region) of a buffer with
//! zeros round it, so no kernel asks where an image ends, and a branch of a network
//! writes straight into its channels of the concatenation.
//!
//! | file | what |
//! | --- | --- |
//! | `region.rs` | where values lie |
//! | `tile.rs` | the innermost loop: up to 9 pixels × 48 channels in registers |
//! | `convolution.rs` | direct convolution, any kernel and stride; dense layers |
//! | `winograd.rs` | F(m×m, r×r) for stride 1: fewer multiplications |
//! | `pool.rs`, `norm.rs`, `transfer.rs` | the rest, a vector at a time |
//! | `step.rs` | all of them as one enum, cut into items for threads |
//! | `arena.rs` | the memory |
//! | `team.rs` | who runs which item, and waits for whom |
//! | `schedule.rs` | steps in their phases, checked, and passes over them |
//!
//! Separate from the other kernels because they work on arrays that callers own and
//! check; these work on raw places of an arena, which were checked when the program
//! was compiled.

pub(crate) mod arena;
pub(crate) mod convolution;
pub(crate) mod norm;
pub(crate) mod pool;
pub(crate) mod region;
pub(crate) mod schedule;
pub(crate) mod step;
pub(crate) mod team;
mod tile;
pub(crate) mod transfer;
pub(crate) mod winograd;
