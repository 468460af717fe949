//! Ten thousand forward passes leave memory as it was. In a process of its own, for what
//! is measured is the process.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]
#![allow(clippy::print_stdout, reason = "what it measures is worth knowing")]

use facenet::engine::Engine;
use facenet::network::Variant;
use facenet::weights::Weights;
use ndarray::Array4;

/// KiB that the allocator and other threads of the test may take without a leak: two images.
const MOST_GROWTH: u64 = 512;

/// Kibibytes of memory that this process occupies, where the system tells.
fn memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Memory after so many passes against that after the first hundred.
fn growth(passes: usize) {
    let engine = Engine::new(Variant::HappyHouse, &Weights::embedded().unwrap());
    let faces = Array4::from_shape_fn((2, 3, 96, 96), |(n, c, y, x)| {
        ((n + 1) * (c + 2) * (y + 3) * (x + 5) % 97) as f32 / 97.0
    });
    let mut after_hundred = None;
    for pass in 1..=passes {
        // One face and two: buffers of either size are kept and used again.
        let faces = faces.slice(ndarray::s![..1 + pass % 2, .., .., ..]);
        engine.encode(faces).unwrap();
        if pass == 100 {
            after_hundred = memory();
        }
    }
    let [before, after] = [after_hundred, memory()].map(|kib| kib.expect("/proc tells it"));
    println!("{before} KiB after 100 passes, {after} after {passes}");
    assert!(after <= before + MOST_GROWTH, "{before} KiB after 100, {after} after {passes}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc")]
fn memory_does_not_grow() {
    growth(400);
}

#[test]
#[ignore = "takes a minute"]
fn memory_does_not_grow_over_ten_thousand_passes() {
    growth(10_000);
}
