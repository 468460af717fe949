//! How long a search takes: `cargo bench -p facenet --bench gallery`.
//!
//! The question is whether exact search is quick enough that nothing else is needed:
//! 100,000 people in 2 ms, a million in 20 ms, on two cores. `plain_loop` compares with
//! one after another, as a first version would; `xtask/peers/search.py` runs this and asks faiss's
//! `IndexFlatL2` the same by turns. Items are people, so that `item/s` reads as
//! comparisons a second.

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use facenet::gallery::{Gallery, PersonName};
use facenet::matching::Encoding;

const SIZES: [usize; 2] = [100_000, 1_000_000];

/// Probes of a batch.
const BATCH: usize = 64;

fn main() {
    divan::main();
}

fn encoding(seed: u64) -> Encoding {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1 << 24) as f32 - 0.5
    };
    let values: [f32; 128] = std::array::from_fn(|_| next());
    let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
    match Encoding::new(values.map(|value| value / length)) {
        Ok(encoding) => encoding,
        Err(error) => panic!("{error}"),
    }
}

fn gallery(people: usize) -> Gallery {
    let mut gallery = Gallery::with_capacity(people);
    for number in 0..people {
        let inserted = PersonName::new(&format!("person {number:07}"))
            .map(|name| gallery.insert(name, &[encoding(number as u64)]));
        assert!(matches!(inserted, Ok(Ok(()))));
    }
    gallery
}

#[divan::bench(args = SIZES, max_time = 5)]
fn search(bencher: Bencher<'_, '_>, people: usize) {
    let gallery = gallery(people);
    let probe = encoding(u64::MAX);
    bencher
        .counter(ItemsCount::new(people))
        .counter(BytesCount::new(people * 512))
        .bench(|| gallery.search(&probe, 5));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn search_on_one_thread(bencher: Bencher<'_, '_>, people: usize) {
    let gallery = gallery(people);
    let probe = encoding(u64::MAX);
    let Ok(pool) = rayon::ThreadPoolBuilder::new().num_threads(1).build() else { return };
    bencher
        .counter(ItemsCount::new(people))
        .counter(BytesCount::new(people * 512))
        .bench(|| pool.install(|| gallery.search(&probe, 5)));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn search_batch_of_64(bencher: Bencher<'_, '_>, people: usize) {
    let gallery = gallery(people);
    let probes: Vec<_> = (0..BATCH as u64).map(|seed| encoding(u64::MAX - seed)).collect();
    bencher.counter(ItemsCount::new(people * BATCH)).bench(|| gallery.search_batch(&probes, 5));
}

#[divan::bench(args = SIZES, max_time = 5)]
fn plain_loop(bencher: Bencher<'_, '_>, people: usize) {
    let gallery: Vec<_> = (0..people as u64).map(encoding).collect();
    let probe = encoding(u64::MAX);
    bencher.counter(ItemsCount::new(people)).bench(|| {
        let mut nearest = vec![(f32::INFINITY, 0); 5];
        for (number, person) in gallery.iter().enumerate() {
            let squares = person.values().iter().zip(probe.values()).map(|(a, b)| (a - b).powi(2));
            let distance = squares.sum::<f32>();
            if distance < nearest[4].0 {
                nearest[4] = (distance, number);
                nearest.sort_by(|a, b| a.0.total_cmp(&b.0));
            }
        }
        nearest
    });
}
