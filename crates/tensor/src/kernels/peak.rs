//! Measures the peak performance of one core with a loop of multiply-adds on registers,
//! as a reference for the performance of kernels.
#![allow(unsafe_code)]

use std::hint::black_box;
use std::time::Instant;

use super::vector::{SimdOp, Vector, run_at};
use crate::Level;

/// Multiply-adds of each sum in a run: about a millisecond, short enough that some runs
/// are not interrupted on a busy machine.
const ROUNDS: usize = 100_000;

/// Runs for each number of sums, of which the fastest counts.
const RUNS: usize = 16;

/// The peak performance of one core at a level, in GFLOP/s of f32; a multiply-add counts as
/// two operations.
///
/// It is measured on this thread and takes about a tenth of a second. The loop is timed
/// with 4 to 16 vectors of sums, because latency and the number of registers differ between
/// machines, and the best result counts.
///
/// # Panics
/// If this machine does not have that level.
pub fn peak_gflops(level: Level) -> f64 {
    let mut best = 0.0;
    run_at(level, Measurement { best: &mut best });
    best
}

struct Measurement<'a> {
    best: &'a mut f64,
}

impl SimdOp for Measurement<'_> {
    #[inline(always)]
    unsafe fn run<V: Vector<Element = f32>>(self) {
        // SAFETY: the caller guarantees the features of `V`.
        unsafe {
            for rate in
                [rate::<V, 4>(), rate::<V, 6>(), rate::<V, 8>(), rate::<V, 12>(), rate::<V, 16>()]
            {
                *self.best = self.best.max(rate);
            }
        }
    }
}

/// GFLOP/s with `N` vectors of sums.
///
/// # Safety
/// The machine has the features of `V`.
#[inline(always)]
unsafe fn rate<V: Vector<Element = f32>, const N: usize>() -> f64 {
    let operations = (2 * ROUNDS * N * V::LANES) as f64;
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        // Multiplying by a half and adding a half drives every sum to one: no value
        // overflows or becomes subnormal, which would be slow.
        let half = black_box(0.5);
        let starts: [f32; N] = black_box(std::array::from_fn(|i| i as f32));
        let start = Instant::now();
        let mut lanes = [0.0; 16];
        const { assert!(V::LANES <= 16) };
        // SAFETY: the caller guarantees the features, and `lanes` has room for a vector.
        unsafe {
            let half = V::splat(half);
            let mut sums: [V; N] = std::array::from_fn(|i| V::splat(starts[i]));
            for _ in 0..ROUNDS {
                for sum in &mut sums {
                    *sum = sum.multiply_add(half, half);
                }
            }
            let mut total = V::zero();
            for sum in sums {
                total = total.add(sum);
            }
            total.store(lanes.as_mut_ptr());
        }
        black_box(lanes);
        fastest = fastest.min(start.elapsed().as_secs_f64());
    }
    operations / fastest / 1e9
}

#[cfg(test)]
mod tests {
    use super::peak_gflops;
    use crate::Level;

    #[test]
    fn every_level_has_a_plausible_peak() {
        for level in Level::available() {
            let peak = peak_gflops(level);
            // Far below any machine of today, and far above.
            assert!((0.1..10_000.0).contains(&peak), "{level}: {peak} GFLOP/s");
        }
    }
}
