//! Measures the peak performance of one core with a loop of multiply-adds on registers,
//! as a reference for the performance of kernels.

use std::hint::black_box;
use std::time::Instant;

use super::simd::{Isa, LANES, SimdOp, Vector, dispatch};
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
    let isa = Isa::detect(level);
    let isa = isa.unwrap_or_else(|| panic!("this machine does not have {level}"));
    dispatch(isa, Measurement)
}

struct Measurement;

impl SimdOp for Measurement {
    type Output = f64;

    #[inline(always)]
    fn run<V: Vector<Element = f32>>(self, features: V::Features) -> f64 {
        let rates = [
            rate::<V, 4>(features),
            rate::<V, 6>(features),
            rate::<V, 8>(features),
            rate::<V, 12>(features),
            rate::<V, 16>(features),
        ];
        rates.into_iter().fold(0.0, f64::max)
    }
}

/// GFLOP/s with `N` vectors of sums.
#[inline(always)]
fn rate<V: Vector<Element = f32>, const N: usize>(features: V::Features) -> f64 {
    let operations = (2 * ROUNDS * N * V::LANES) as f64;
    let mut fastest = f64::INFINITY;
    for _ in 0..RUNS {
        // Multiplying by a half and adding a half drives every sum to one: no value
        // overflows or becomes subnormal, which would be slow.
        let half = black_box(0.5);
        let starts: [f32; N] = black_box(std::array::from_fn(|i| i as f32));
        let start = Instant::now();
        let half = V::splat(features, half);
        let mut sums: [V; N] = std::array::from_fn(|i| V::splat(features, starts[i]));
        for _ in 0..ROUNDS {
            for sum in &mut sums {
                *sum = sum.multiply_add(half, half);
            }
        }
        let mut total = V::zero(features);
        for sum in sums {
            total = total.add(sum);
        }
        let mut lanes = [0.0; LANES];
        total.write_to(&mut lanes);
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
