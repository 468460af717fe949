//! The comparisons that are told most wrongly: where to look first.

use super::{Comparison, Fold};

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
