//! Times with a hundred thousand people, and how often the index finds the nearest: the
//! figures of `docs/postgres.md`.
//!
//! ```sh
//! cargo test -p store-postgres --test postgres -- --ignored --nocapture
//! ```
//! `FACENET_TEST_VECTORS` may name a `.npy` file of encodings: every second one is enrolled,
//! and the others are searched for.

use std::time::{Duration, Instant};

use facenet::gallery::{Gallery, encodings_from_npy};
use facenet::matching::Encoding;
use store::{Access, Enrollment, SearchMethod};
use store_conformance::fixtures::{encoding, name};

use crate::open;
use test_support::skipped;

use crate::server::Server;

const PEOPLE: u64 = 100_000;
const BATCH: usize = 1_000;
const PROBES: usize = 200;

#[test]
#[ignore = "takes minutes: a hundred thousand people"]
fn a_hundred_thousand_people() {
    let Some(server) = Server::alone() else { return };
    let faces: Vec<_> = (0..PEOPLE).map(encoding).collect();
    let probes: Vec<_> = (0..PROBES as u64).map(|n| encoding(PEOPLE + n)).collect();
    measure("invented", &server, &faces, &probes);
}

#[test]
#[ignore = "takes a minute, and encodings of faces"]
fn faces() {
    let Some(file) = std::env::var_os("FACENET_TEST_VECTORS") else {
        return skipped("FACENET_TEST_VECTORS names no encodings of faces");
    };
    let Some(server) = Server::alone() else { return };
    let faces = encodings_from_npy(&std::fs::read(file).unwrap()).unwrap();
    let (people, others): (Vec<_>, Vec<_>) =
        faces.into_iter().enumerate().partition(|(number, _)| number % 2 == 0);
    let people: Vec<_> = people.into_iter().map(|(_, face)| face).collect();
    let others: Vec<_> = others.into_iter().map(|(_, face)| face).step_by(9).collect();
    measure("faces", &server, &people, &others);
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn measure(what: &str, server: &Server, faces: &[Encoding], probes: &[Encoding]) {
    let fresh = server.database();
    let mut address = fresh.address();
    let mut store = open(&address, Access::Write).unwrap();
    let people: Vec<_> = faces
        .iter()
        .enumerate()
        .map(|(number, face)| {
            let templates = vec![face.clone().into()];
            (name(&format!("person {number:07}")), Enrollment { templates, ..Default::default() })
        })
        .collect();
    let start = Instant::now();
    for batch in people.chunks(BATCH) {
        store.enroll_all(batch.iter().map(|(name, enrollment)| (name, enrollment))).unwrap();
    }
    println!("{what}: {} people imported in {:.1?}", people.len(), start.elapsed());
    let start = Instant::now();
    let gallery = store.gallery().unwrap();
    println!("{what}: fetched into memory in {:.1?}", start.elapsed());
    let exact = |probe: &Encoding| store.search(probe, 10).unwrap();
    for probe in &probes[..5] {
        assert_eq!(exact(probe), gallery.search(probe, 10));
    }
    println!("{what}: exact search {}", median(&probes[..30], exact));
    address.search = SearchMethod::Hnsw;
    let Ok(mut indexed) = open(&address, Access::Write) else {
        return skipped("this PostgreSQL has no pgvector");
    };
    let start = Instant::now();
    indexed.set_index(true).unwrap();
    println!("{what}: index created in {:.1?}", start.elapsed());
    println!("{what}: search by index {}", median(probes, |p| indexed.search(p, 10).unwrap()));
    print_recall(what, probes, &gallery, |probe| indexed.search(probe, 10).unwrap());
    let uses = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'people_hnsw'";
    // The counters are published with a delay.
    std::thread::sleep(Duration::from_secs(2));
    let uses: i64 = server.connect(&fresh.name).query_one(uses, &[]).unwrap().get(0);
    println!("{what}: the index was used {uses} times");
    let start = Instant::now();
    indexed.remove(&[people[77].0.clone()]).unwrap();
    println!("{what}: one person removed, with the index, in {:.1?}", start.elapsed());
    let start = Instant::now();
    indexed.compact().unwrap();
    println!("{what}: compacted, with the index, in {:.1?}", start.elapsed());
}

type Found = Vec<facenet::matching::Candidate>;

fn median(probes: &[Encoding], search: impl Fn(&Encoding) -> Found) -> String {
    let mut times: Vec<_> = probes
        .iter()
        .map(|probe| {
            let start = Instant::now();
            assert!(!search(probe).is_empty());
            start.elapsed()
        })
        .collect();
    times.sort();
    format!("{:.2?}, the least {:.2?}", times[times.len() / 2], times[0])
}

#[expect(clippy::print_stdout, reason = "figures are what this test is for")]
fn print_recall(
    what: &str,
    probes: &[Encoding],
    gallery: &Gallery,
    search: impl Fn(&Encoding) -> Found,
) {
    let (mut first, mut among_ten) = (0, 0);
    for probe in probes {
        let (exact, found) = (gallery.search(probe, 10), search(probe));
        first += usize::from(exact[0] == found[0]);
        among_ten += exact.iter().filter(|person| found.contains(person)).count();
    }
    let share = |hits: usize, all: usize| hits as f64 / all as f64;
    println!(
        "{what}: of {} probes it finds the nearest for {:.4}, and {:.4} of the ten nearest",
        probes.len(),
        share(first, probes.len()),
        share(among_ten, 10 * probes.len())
    );
}
