//! Points at which derivatives are checked; the same seed gives the same points.

use ndarray::{ArrayD, IxDyn};

use crate::Random;

/// Values in -1..1.
#[must_use]
pub fn random(shape: &[usize], seed: u64) -> ArrayD<f64> {
    between(shape, -1.0, 1.0, seed)
}

/// Values in `low..high`, for functions that are not defined everywhere.
#[must_use]
pub fn between(shape: &[usize], low: f64, high: f64, seed: u64) -> ArrayD<f64> {
    let mut random = Random::new(seed);
    ArrayD::from_shape_simple_fn(IxDyn(shape), || low + (high - low) * random.uniform())
}

/// Values of an even grid over -1..1 in random order, at least `1 / count` away from zero
/// and from each other, for functions with kinks at zero or at equal values.
#[must_use]
pub fn distinct(shape: &[usize], seed: u64) -> ArrayD<f64> {
    let count: usize = shape.iter().product();
    let mut random = Random::new(seed);
    // With an odd number of cells, zero would be the middle of one.
    let cells = (count + count % 2).max(1) as f64;
    let mut grid: Vec<f64> = (0..count).map(|cell| (2 * cell + 1) as f64 / cells - 1.0).collect();
    random.shuffle(&mut grid);
    let mut grid = grid.into_iter();
    ArrayD::from_shape_simple_fn(IxDyn(shape), || grid.next().unwrap_or_default())
}
