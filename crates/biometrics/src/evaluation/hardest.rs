//! The comparisons that are judged most wrongly, and the distribution of the distances of
//! genuine and impostor pairs.

use serde::Serialize;

use super::{Comparison, EvaluationError, Fold};

/// Places among the comparisons, the most wrong first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hardest {
    /// Two people taken for one, by rising distance.
    pub false_matches: Vec<usize>,
    /// One person taken for two, by falling distance.
    pub false_non_matches: Vec<usize>,
}

impl Hardest {
    /// Up to `most` of each kind, judged with the thresholds of their folds. Equal
    /// distances in the order of the comparisons; failures have no distance and are in
    /// neither list.
    pub fn of(comparisons: &[Comparison], folds: &[Fold], most: usize) -> Self {
        let threshold = |fold| folds.iter().find(|f| f.fold == fold).map(|f| f.threshold);
        let mut wrong: [Vec<(usize, f64)>; 2] = Default::default();
        for (place, &Comparison { distance, same, fold }) in comparisons.iter().enumerate() {
            if let (Some(distance), Some(threshold)) = (distance, threshold(fold))
                && (distance < threshold) != same
            {
                wrong[usize::from(same)].push((place, distance));
            }
        }
        let [mut matches, mut non_matches] = wrong;
        matches.sort_by(|a, b| a.1.total_cmp(&b.1));
        non_matches.sort_by(|a, b| b.1.total_cmp(&a.1));
        let [false_matches, false_non_matches] = [matches, non_matches]
            .map(|places| places.into_iter().take(most).map(|(place, _)| place).collect());
        Self { false_matches, false_non_matches }
    }
}

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
