//! Every operator's value against a reference and its derivatives against central
//! differences, on contiguous arrays and others: files of the names of `src/ops`, one binary
//! for all.

mod arithmetic;
mod block;
mod checks;
mod conv;
mod elementwise;
mod fixed;
mod linear;
mod loss;
mod norm;
mod operators;
mod pool;
mod reduce;
mod shape;
mod upsample;

use std::panic::{UnwindSafe, catch_unwind};

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// The configuration of random tests. The seed is fixed, so that all runs have the same
/// result; with `RANDOM_TESTS=N` there are N times as many cases, from a random seed.
fn config(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig { cases, ..ProptestConfig::default() };
    match std::env::var("RANDOM_TESTS") {
        Ok(factor) => {
            config.cases *= factor.parse::<u32>().expect("RANDOM_TESTS is a number");
            config.rng_seed = RngSeed::Random;
        }
        // PROPTEST_RNG_SEED sets the seed of one run.
        Err(_) if matches!(config.rng_seed, RngSeed::Random) => config.rng_seed = RngSeed::Fixed(1),
        Err(_) => {}
    }
    config
}

/// The message of the panic of `work`.
#[track_caller]
fn panic_message(work: impl FnOnce() + UnwindSafe) -> String {
    let panic = catch_unwind(work).expect_err("it panics");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}
