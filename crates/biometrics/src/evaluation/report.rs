//! All figures of one evaluation in one place, for printing or JSON.

use serde::Serialize;

use super::{
    Comparison, EqualError, EvaluationError, Fold, KFold, OperatingPoint, Rate, Roc, Tally,
};

/// Options of a report.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportOptions {
    /// False match rates at which to state the true accept rate.
    pub fmrs: Vec<f64>,
}

impl Default for ReportOptions {
    /// 10 %, 1 %, 0.1 % and 0.01 %.
    fn default() -> Self {
        Self { fmrs: vec![1e-1, 1e-2, 1e-3, 1e-4] }
    }
}

/// The figures; rates are 0 to 1.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// Mean accuracy over folds, failures counting as wrong.
    pub accuracy: f64,
    /// Population standard deviation of the folds' accuracies.
    pub std: f64,
    /// Correct answers over all folds together, with its interval.
    pub correct: Rate,
    /// Mean over folds of the threshold that the other folds chose.
    pub threshold: f64,
    /// Equal error rate; `None` where failures rule it out.
    pub eer: Option<EqualError>,
    /// Area under the ROC curve.
    pub area: f64,
    /// True accept rate at each false match rate asked for.
    pub tar: Vec<TarAtFmr>,
    /// Comparisons, failures included.
    pub pairs: usize,
    /// Pairs of one person.
    pub genuine: usize,
    /// Pairs of two people.
    pub impostor: usize,
    /// Comparisons that could not be made.
    pub failures: usize,
    /// Each fold.
    pub folds: Vec<Fold>,
}

/// True accept rate at a false match rate, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum TarAtFmr {
    /// There are impostors enough.
    Measured(OperatingPoint),
    /// There are too few to support so small a rate.
    Refused {
        /// The false match rate asked for.
        target: f64,
        /// Impostor comparisons that would support it.
        needed: u64,
        /// Impostor comparisons with a distance.
        found: u64,
    },
}

impl Report {
    /// Computes everything.
    ///
    /// # Errors
    /// As [`KFold::measure`]; and when a false match rate asked for is not above
    /// 0 and at most 1. One that the data cannot support is no error but
    /// [refused](TarAtFmr::Refused) in the report.
    pub fn new(
        comparisons: &[Comparison],
        options: &ReportOptions,
    ) -> Result<Self, EvaluationError> {
        let Tally { genuine, impostor, failures } = Tally::of(comparisons)?;
        let k_fold = KFold::measure(comparisons)?;
        let roc = Roc::new(comparisons)?;
        let eer = match roc.equal_error() {
            Ok(eer) => Some(eer),
            Err(EvaluationError::NoEqualError { .. }) => None,
            Err(error) => return Err(error),
        };
        let tar = options.fmrs.iter().map(|&fmr| TarAtFmr::measure(&roc, fmr));
        Ok(Self {
            accuracy: k_fold.accuracy(),
            std: k_fold.std(),
            correct: k_fold.pooled(),
            threshold: k_fold.threshold(),
            eer,
            area: roc.area(),
            tar: tar.collect::<Result<_, _>>()?,
            pairs: comparisons.len(),
            genuine,
            impostor,
            failures,
            folds: k_fold.folds().to_vec(),
        })
    }
}

impl TarAtFmr {
    fn measure(roc: &Roc, fmr: f64) -> Result<Self, EvaluationError> {
        match roc.at_fmr(fmr) {
            Ok(point) => Ok(Self::Measured(point)),
            Err(EvaluationError::TooFewImpostors { fmr: target, needed, found }) => {
                Ok(Self::Refused { target, needed, found })
            }
            Err(error) => Err(error),
        }
    }
}
