//! The trade between strangers accepted and people refused, at every threshold.
//!
//! Everything is computed from two sorted lists of distances; a rate at a
//! threshold is then a binary search, so that tens of millions of comparisons
//! are no burden (8 bytes each).

use std::iter::Peekable;

use serde::Serialize;

use super::curve::{self, RocPoint, sweep};
use super::{Comparison, EvaluationError, Tally, check_distance, check_sides};
use crate::Rate;
use crate::rate::{is_rate, most_events, trials_for};

/// FMR and FNMR as functions of the threshold; see the [module](super) for their
/// definition. ROC stands for receiver operating characteristic.
#[derive(Clone, Debug)]
pub struct Roc {
    genuine: Distances,
    impostor: Distances,
}

/// Distances of one kind, ascending, and failures.
#[derive(Clone, Debug)]
struct Distances {
    sorted: Vec<f64>,
    failures: usize,
}

/// The most permissive threshold that keeps a false match rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct OperatingPoint {
    /// The false match rate asked for.
    pub target: f64,
    /// Accepts distances below it: the distance of the nearest impostor that has
    /// to be refused.
    pub threshold: f64,
    /// False match rate there, at most `target`.
    pub fmr: Rate,
    /// False non-match rate there.
    pub fnmr: Rate,
    /// True accept rate there, 1 - FNMR.
    pub tar: Rate,
}

/// Where both error rates are equal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct EqualError {
    /// FMR and FNMR there, 0 to 1.
    pub rate: f64,
    /// The threshold there.
    pub threshold: f64,
}

impl Roc {
    /// The curve of `comparisons`, over all folds.
    ///
    /// # Errors
    /// When there are no comparisons, or none of a kind, or a distance is not
    /// finite.
    pub fn new(comparisons: &[Comparison]) -> Result<Self, EvaluationError> {
        Tally::of(comparisons)?;
        let side = |same| {
            let side = comparisons.iter().filter(move |c| c.same == same);
            let failures = side.clone().filter(|c| c.distance.is_none()).count();
            Distances::new(side.filter_map(|c| c.distance).collect(), failures)
        };
        Ok(Self { genuine: side(true), impostor: side(false) })
    }

    /// The curve of distances alone, without failures, for very many of them.
    ///
    /// ```
    /// use biometrics::evaluation::Roc;
    ///
    /// let roc = Roc::from_distances(vec![0.3, 0.5, 0.8], vec![0.7, 0.9, 1.1, 1.3])?;
    /// assert_eq!(roc.fmr(0.7).value(), 0.0); // accepts below 0.7, not at it
    /// assert_eq!(roc.fmr(0.75).value(), 0.25);
    /// assert_eq!(roc.fnmr(0.75).count(), 1);
    /// # Ok::<(), biometrics::evaluation::EvaluationError>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new); impostors are numbered after the genuine.
    pub fn from_distances(genuine: Vec<f64>, impostor: Vec<f64>) -> Result<Self, EvaluationError> {
        for (position, &distance) in genuine.iter().chain(&impostor).enumerate() {
            check_distance(position, distance)?;
        }
        check_sides(genuine.len(), impostor.len())?;
        let (genuine, impostor) = (Distances::new(genuine, 0), Distances::new(impostor, 0));
        Ok(Self { genuine, impostor })
    }

    /// Comparisons of one person, failures included.
    pub fn genuine(&self) -> usize {
        self.genuine.total()
    }

    /// Comparisons of two people, failures included.
    pub fn impostor(&self) -> usize {
        self.impostor.total()
    }

    /// Comparisons without a distance.
    pub fn failures(&self) -> usize {
        self.genuine.failures + self.impostor.failures
    }

    /// False match rate: impostors with distance < threshold. 0 for NaN.
    pub fn fmr(&self, threshold: f64) -> Rate {
        Rate::known(self.impostor.accepted(threshold), self.impostor.total())
    }

    /// False non-match rate: genuine ones with distance ≥ threshold, or without
    /// a distance. 1 for NaN.
    pub fn fnmr(&self, threshold: f64) -> Rate {
        Rate::known(self.genuine.accepted(threshold), self.genuine.total()).complement()
    }

    /// Every point of the curve by rising threshold, from accepting none to
    /// accepting all but failures; thresholds are middles between distances.
    /// Empty if every comparison is a failure.
    pub fn points(&self) -> impl Iterator<Item = RocPoint> {
        let merged = merge(&self.genuine.sorted, &self.impostor.sorted);
        sweep(merged).map(|step| RocPoint {
            threshold: step.threshold,
            fmr: step.impostor as f64 / self.impostor.total() as f64,
            fnmr: (self.genuine.total() - step.genuine) as f64 / self.genuine.total() as f64,
        })
    }

    /// [`points`](Self::points), without those that lie so near to the one before that no
    /// chart would show them; first and last are there.
    pub fn plot_points(&self) -> Vec<RocPoint> {
        curve::plot_points(self.points())
    }

    /// The largest threshold with FMR ≤ `fmr`.
    ///
    /// # Errors
    /// When `fmr` is not above 0 and at most 1, and when there are fewer than
    /// 3 / `fmr` impostors with a distance. With that many, no false match among
    /// them bounds the rate by `fmr` with 95 % confidence (the rule of three);
    /// with fewer, the data cannot support the claim.
    pub fn at_fmr(&self, fmr: f64) -> Result<OperatingPoint, EvaluationError> {
        if !is_rate(fmr) {
            return Err(EvaluationError::Fmr { found: fmr });
        }
        let measured = &self.impostor.sorted;
        let needed = trials_for(fmr);
        let found = measured.len() as u64;
        if found < needed {
            return Err(EvaluationError::TooFewImpostors { fmr, needed, found });
        }
        let allowed = most_events(fmr, self.impostor.total() as u64) as usize;
        let threshold = match measured.get(allowed) {
            // At most `allowed` distances lie below it, fewer if some are tied.
            Some(&nearest) => nearest,
            None => self.above_all().ok_or(EvaluationError::Empty)?,
        };
        let fnmr = self.fnmr(threshold);
        Ok(OperatingPoint {
            target: fmr,
            threshold,
            fmr: self.fmr(threshold),
            fnmr,
            tar: fnmr.complement(),
        })
    }

    /// The equal error rate: where the straight line between the last point with
    /// FMR < FNMR and the first with FMR ≥ FNMR has both equal.
    ///
    /// # Errors
    /// When failures keep FMR below FNMR at every threshold.
    pub fn equal_error(&self) -> Result<EqualError, EvaluationError> {
        let mut before = RocPoint { threshold: 0.0, fmr: 0.0, fnmr: 1.0 };
        for after in self.points() {
            if after.fmr < after.fnmr {
                before = after;
                continue;
            }
            // Never the first point, which has FMR 0 and FNMR 1.
            let gap = before.fnmr - before.fmr;
            let share = gap / (gap + (after.fmr - after.fnmr));
            let along = |a: f64, b: f64| a + share * (b - a);
            return Ok(EqualError {
                rate: along(before.fmr, after.fmr),
                threshold: along(before.threshold, after.threshold),
            });
        }
        Err(EvaluationError::NoEqualError { fmr: before.fmr, fnmr: before.fnmr })
    }

    /// Area under the curve of TAR over FMR: the probability that a genuine
    /// comparison has a smaller distance than an impostor, ties counting half.
    /// Two failures are a tie. 1 is perfect, 0.5 is chance.
    pub fn area(&self) -> f64 {
        let (genuine, impostor) = (&self.genuine, &self.impostor);
        // Twice the number of ordered pairs, and once that of tied ones.
        let mut doubled = 0_u128;
        let (mut below, mut up_to) = (0, 0);
        for &distance in &impostor.sorted {
            while genuine.sorted.get(below).is_some_and(|&d| d < distance) {
                below += 1;
            }
            up_to = below.max(up_to);
            while genuine.sorted.get(up_to).is_some_and(|&d| d == distance) {
                up_to += 1;
            }
            doubled += (below + up_to) as u128;
        }
        let failed = genuine.sorted.len() + genuine.total();
        doubled += impostor.failures as u128 * failed as u128;
        doubled as f64 / (2.0 * genuine.total() as f64 * impostor.total() as f64)
    }

    /// The smallest number above every distance.
    fn above_all(&self) -> Option<f64> {
        let last = [self.genuine.sorted.last(), self.impostor.sorted.last()];
        last.into_iter().flatten().copied().reduce(f64::max).map(f64::next_up)
    }
}

impl Distances {
    fn new(mut sorted: Vec<f64>, failures: usize) -> Self {
        sorted.sort_unstable_by(f64::total_cmp);
        Self { sorted, failures }
    }

    fn total(&self) -> usize {
        self.sorted.len() + self.failures
    }

    fn accepted(&self, threshold: f64) -> usize {
        self.sorted.partition_point(|&distance| distance < threshold)
    }
}

/// Both lists in one order, with whether each distance is genuine.
fn merge<'a>(
    genuine: &'a [f64],
    impostor: &'a [f64],
) -> impl Iterator<Item = (f64, bool)> + use<'a> {
    let mut genuine: Peekable<_> = genuine.iter().copied().peekable();
    let mut impostor: Peekable<_> = impostor.iter().copied().peekable();
    std::iter::from_fn(move || match (genuine.peek(), impostor.peek()) {
        (Some(g), Some(i)) if g <= i => genuine.next().map(|d| (d, true)),
        (Some(_), None) => genuine.next().map(|d| (d, true)),
        _ => impostor.next().map(|d| (d, false)),
    })
}
