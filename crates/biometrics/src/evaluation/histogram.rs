//! How distances of one person's and of two people's images are spread.

use serde::Serialize;

use super::{Comparison, EvaluationError};

/// Counts of distances in bins of one width.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub start: f64,
    /// Width of a bin.
    pub width: f64,
    /// Comparisons of one person.
    pub genuine: Vec<usize>,
    /// Comparisons of two people.
    pub impostor: Vec<usize>,
}

impl Histogram {
    /// Counts into `bins` bins from the smallest distance to the largest; failures
    /// are in none.
    ///
    /// # Errors
    /// When no comparison has a distance, or there are no bins.
    pub fn of(comparisons: &[Comparison], bins: usize) -> Result<Self, EvaluationError> {
        let distances = || comparisons.iter().filter_map(|c| Some((c.distance?, c.same)));
        let low = distances().map(|(d, _)| d).reduce(f64::min);
        let high = distances().map(|(d, _)| d).reduce(f64::max);
        let (Some(start), Some(end), 1..) = (low, high, bins) else {
            return Err(EvaluationError::Empty);
        };
        // All distances equal: any width holds them.
        let width = if end > start { (end - start) / bins as f64 } else { 1.0 };
        let mut histogram = Self { start, width, genuine: vec![0; bins], impostor: vec![0; bins] };
        for (distance, same) in distances() {
            let bin = (((distance - start) / width) as usize).min(bins - 1);
            let side = if same { &mut histogram.genuine } else { &mut histogram.impostor };
            side[bin] += 1;
        }
        Ok(histogram)
    }
}
