//! A forward pass takes no memory from the allocator once its own is there.
//!
//! A test of its own, because the allocator that counts serves the whole process.

#![allow(clippy::unwrap_used, reason = "tests panic to fail")]

use std::alloc::System;

use facenet::engine::Engine;
use facenet::network::{ENCODING_LENGTH, Variant};
use facenet::weights::Weights;
use ndarray::Array4;
use stats_alloc::{Region, StatsAlloc};
use tensor::Level;

#[global_allocator]
static COUNTED: StatsAlloc<System> = StatsAlloc::system();

#[test]
fn a_forward_pass_allocates_nothing() {
    let before = Region::new(&COUNTED);
    let weights = Weights::embedded().unwrap();
    assert!(before.change().allocations > 0, "nothing is counted");

    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        for level in Level::available() {
            let engine = Engine::at_level(Variant::HappyHouse, &weights, level);
            for images in [1, 9] {
                let batch = Array4::from_elem((images, 3, 96, 96), 0.5);
                let mut rows = vec![0.0; images * ENCODING_LENGTH];
                let mut taken_in_five_passes = || {
                    let region = Region::new(&COUNTED);
                    for _ in 0..5 {
                        engine.encode_into(batch.view(), &mut rows).unwrap();
                    }
                    let change = region.change();
                    change.allocations + change.reallocations
                };
                // Threads come to their first share of the work when they are scheduled,
                // which on a busy machine takes some passes.
                let taken: Vec<_> = pool.install(|| {
                    let mut rounds = (0..20).map(|_| taken_in_five_passes());
                    rounds.by_ref().take_while(|taken| *taken > 0).collect()
                });
                assert!(
                    taken.len() < 20,
                    "{level}, {threads} threads, {images} images: passes go on to allocate: {taken:?}"
                );
            }
        }
    }
}
