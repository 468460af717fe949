//! How long the compiled network takes: `cargo bench -p facenet`.
//!
//! Items are images, so that `item/s` reads as images a second. Each line is
//! a batch; the threads are rayon's, one and then all.

use divan::Bencher;
use divan::counter::ItemsCount;
use facenet::engine::Engine;
use facenet::network::Variant;
use facenet::weights::Weights;
use ndarray::Array4;

fn main() {
    divan::main();
}

/// Encodes a batch of stripes on `threads` threads (0: all).
fn encode(bencher: Bencher<'_, '_>, threads: usize, batch: usize) {
    let (Ok(weights), Ok(pool)) =
        (Weights::embedded(), rayon::ThreadPoolBuilder::new().num_threads(threads).build())
    else {
        panic!("no weights or no threads")
    };
    let engine = Engine::new(Variant::HappyHouse, &weights);
    let images = Array4::from_shape_fn((batch, 3, 96, 96), |(n, c, y, x)| {
        ((n + 7 * c + 3 * y + 5 * x) % 256) as f32 / 255.0
    });
    bencher.counter(ItemsCount::new(batch)).bench(|| pool.install(|| engine.encode(images.view())));
}

#[divan::bench(args = [1, 8, 32])]
fn one_thread(bencher: Bencher<'_, '_>, batch: usize) {
    encode(bencher, 1, batch);
}

#[divan::bench(args = [1, 8, 32])]
fn all_threads(bencher: Bencher<'_, '_>, batch: usize) {
    encode(bencher, 0, batch);
}
