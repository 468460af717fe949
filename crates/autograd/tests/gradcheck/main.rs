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

use test_support::random_tests as config;

/// The message of the panic of `work`.
#[track_caller]
fn panic_message(work: impl FnOnce() + UnwindSafe) -> String {
    let panic = catch_unwind(work).expect_err("it panics");
    panic.downcast_ref::<String>().expect("a formatted message").clone()
}
