//! Accuracy by cross-validation.
//!
//! The protocol of LFW's view 2 (Huang et al. 2007): each fold is judged with
//! the threshold that has the highest accuracy on all *other* folds, so that no
//! pair has a say in the threshold it is judged by. The accuracy is the mean
//! over the folds.

use std::collections::BTreeMap;

use serde::Serialize;

use super::curve::sweep;
use super::{Comparison, EvaluationError, Rate, Tally};

/// One fold's share.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Fold {
    /// Its number, as the comparisons have it.
    pub fold: usize,
    /// The threshold that the other folds chose.
    pub threshold: f64,
    /// Correct answers of all its comparisons, failures among them as wrong.
    pub accuracy: Rate,
    /// Its failures.
    pub failures: usize,
}

/// Accuracy by cross-validation, the protocol of LFW's view 2: each fold is judged
/// with the threshold that is the most accurate on all others, failures count as
/// wrong, and the accuracy is the mean over folds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KFold {
    folds: Vec<Fold>,
}

impl KFold {
    /// Chooses thresholds and judges every fold.
    ///
    /// Candidates for a threshold are the middles between neighboring distances
    /// of the other folds, and accepting none or all; among equally accurate ones
    /// the smallest, which is the strictest, is taken. Time grows as
    /// n·log n + folds·n.
    ///
    /// ```
    /// use biometrics::evaluation::{Comparison, KFold};
    ///
    /// let pair = |fold, same, distance| Comparison { distance: Some(distance), same, fold };
    /// let k_fold = KFold::measure(&[
    ///     pair(0, true, 0.5), pair(0, false, 0.9),
    ///     pair(1, true, 0.4), pair(1, false, 0.6),
    /// ])?;
    /// // Fold 0 is judged with 0.5, from fold 1: its genuine pair is refused.
    /// assert_eq!(k_fold.folds()[0].threshold, 0.5);
    /// assert_eq!(k_fold.accuracy(), 0.5);
    /// # Ok::<(), biometrics::evaluation::EvaluationError>(())
    /// ```
    ///
    /// # Errors
    /// When there are no comparisons, or none of a kind, or only one fold; when a
    /// distance is not finite, or all comparisons outside a fold are failures.
    pub fn measure(comparisons: &[Comparison]) -> Result<Self, EvaluationError> {
        Tally::of(comparisons)?;
        let mut sizes = BTreeMap::<usize, Size>::new();
        let mut sorted = Vec::with_capacity(comparisons.len());
        for &Comparison { distance, same, fold } in comparisons {
            let size = sizes.entry(fold).or_default();
            size.comparisons += 1;
            match distance {
                Some(distance) => sorted.push(Measured { distance, same, fold }),
                None => size.failures += 1,
            }
        }
        if let (1, Some((&fold, _))) = (sizes.len(), sizes.first_key_value()) {
            return Err(EvaluationError::OneFold { fold });
        }
        sorted.sort_unstable_by(|a, b| a.distance.total_cmp(&b.distance));

        let mut folds = Vec::with_capacity(sizes.len());
        for (&fold, &Size { comparisons: of, failures }) in &sizes {
            let others = sorted.iter().filter(|m| m.fold != fold).map(|m| (m.distance, m.same));
            let threshold = most_accurate(others).ok_or_else(|| EvaluationError::NoDistances {
                fold,
                failures: comparisons.len() - of,
            })?;
            let own = sorted.iter().filter(|m| m.fold == fold);
            let correct = own.filter(|m| (m.distance < threshold) == m.same).count();
            let accuracy = Rate::known(correct, of);
            folds.push(Fold { fold, threshold, accuracy, failures });
        }
        Ok(Self { folds })
    }

    /// The folds, by number; two or more.
    pub fn folds(&self) -> &[Fold] {
        &self.folds
    }

    /// Mean accuracy over folds, 0 to 1, each fold counting the same.
    pub fn accuracy(&self) -> f64 {
        self.mean(|fold| fold.accuracy.value())
    }

    /// Standard deviation of the folds' accuracies: the population's, √(Σ(a-ā)²/K)
    /// over K folds. The standard error of the mean is this by √K.
    pub fn std(&self) -> f64 {
        let mean = self.accuracy();
        self.mean(|fold| (fold.accuracy.value() - mean).powi(2)).sqrt()
    }

    /// Mean threshold over folds.
    pub fn threshold(&self) -> f64 {
        self.mean(|fold| fold.threshold)
    }

    /// Correct answers over all folds together, for a confidence interval.
    pub fn pooled(&self) -> Rate {
        let sum = |part: fn(Rate) -> u64| self.folds.iter().map(|fold| part(fold.accuracy)).sum();
        let (count, of): (u64, u64) = (sum(Rate::count), sum(Rate::of));
        Rate::known(count as usize, of as usize)
    }

    fn mean(&self, value: impl Fn(&Fold) -> f64) -> f64 {
        self.folds.iter().map(value).sum::<f64>() / self.folds.len() as f64
    }
}

#[derive(Clone, Copy, Default)]
struct Size {
    comparisons: usize,
    failures: usize,
}

struct Measured {
    distance: f64,
    same: bool,
    fold: usize,
}

/// The smallest of the most accurate thresholds. The impostors left out are
/// correct as well, but their number less those accepted is enough to compare.
fn most_accurate(sorted: impl Iterator<Item = (f64, bool)>) -> Option<f64> {
    let mut best: Option<(i64, f64)> = None;
    for step in sweep(sorted) {
        let score = step.genuine as i64 - step.impostor as i64;
        if best.is_none_or(|(highest, _)| score > highest) {
            best = Some((score, step.threshold));
        }
    }
    best.map(|(_, threshold)| threshold)
}
