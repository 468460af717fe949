//! What the tests of several packages share: skipping, reference data, random cases.
//!
//! A test that cannot run on a machine returns early, and cargo counts it as passed. So it says
//! so through [`skipped`], and the gate counts what was said.

#![forbid(unsafe_code)]

use std::env;
use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;

/// The file to which skipped tests are added, a line each; the gate sets it.
const LIST: &str = "FACENET_SKIPPED_TESTS";

/// Says that the calling test is skipped, and why: on standard error, and in the file that
/// `FACENET_SKIPPED_TESTS` names.
///
/// # Panics
/// If that file cannot be written.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn skipped(why: impl Display) {
    eprintln!("skipped: {why}");
    let Some(list) = env::var_os(LIST) else { return };
    let package = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let thread = std::thread::current();
    let line = format!("{why} ({package}: {})\n", thread.name().unwrap_or("a thread"));
    let file = OpenOptions::new().append(true).create(true).open(&list);
    // One write, so that lines of several processes do not mix.
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", list.display()));
}

/// `name` in the read-only folder of reference data (`FACENET_SHARED`, or `shared` beside the
/// repository). Without it the test is [skipped].
pub fn reference(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = env::var_os("FACENET_SHARED").map_or_else(beside, PathBuf::from).join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    skipped(format_args!("there is no folder {name} of reference data"));
    None
}

/// The configuration of random tests. The seed is fixed, so that all runs have the same
/// result; with `RANDOM_TESTS=N` there are N times as many cases, from a random seed.
///
/// # Panics
/// If `RANDOM_TESTS` is not a number.
pub fn random_tests(cases: u32) -> ProptestConfig {
    let mut config = ProptestConfig { cases, ..ProptestConfig::default() };
    match env::var("RANDOM_TESTS") {
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
