//! Errors of evaluation.

/// Distances from which a figure cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// There is nothing to evaluate.
    #[error("no comparisons to evaluate")]
    Empty,
    /// All comparisons of one kind.
    #[error(
        "expected comparisons of one person and of two, found {genuine} genuine and {impostor} impostor"
    )]
    OneSided {
        /// Comparisons of one person.
        genuine: usize,
        /// Comparisons of two people.
        impostor: usize,
    },
    /// A distance that is no usable number.
    #[error("comparison {position}: expected a finite distance within ±3.4e38, found {found}")]
    Distance {
        /// Position among the comparisons, from 0.
        position: usize,
        /// What was given.
        found: f64,
    },
    /// Cross-validation over a single part.
    #[error("accuracy by cross-validation needs two folds or more, found only fold {fold}")]
    OneFold {
        /// The only fold.
        fold: usize,
    },
    /// No distances from which to choose a threshold.
    #[error(
        "no threshold for fold {fold}: all {failures} comparisons of the other folds are failures"
    )]
    NoDistances {
        /// The fold.
        fold: usize,
        /// Comparisons of the other folds.
        failures: usize,
    },
    /// A rate that is none.
    #[error("expected a false match rate above 0 and at most 1, found {found}")]
    Fmr {
        /// What was given.
        found: f64,
    },
    /// A false match rate too small for the data.
    #[error(
        "a false match rate of {fmr} needs {needed} impostor comparisons or more (3 / FMR), found {found}"
    )]
    TooFewImpostors {
        /// The rate asked for.
        fmr: f64,
        /// Impostor comparisons that would support it.
        needed: u64,
        /// Impostor comparisons with a distance.
        found: u64,
    },
    /// A rate that is none.
    #[error("expected a false positive identification rate above 0 and at most 1, found {found}")]
    Fpir {
        /// What was given.
        found: f64,
    },
    /// A false positive identification rate too small for the data.
    #[error(
        "a false positive identification rate of {fpir} needs {needed} probes of strangers or \
         more (3 / FPIR), found {found}"
    )]
    TooFewStrangers {
        /// The rate asked for.
        fpir: f64,
        /// Probes that would support it.
        needed: u64,
        /// Probes of strangers with a face.
        found: u64,
    },
    /// Failures keep the error rates apart.
    #[error(
        "no equal error rate: failures keep FMR below FNMR at every threshold, \
         {fmr} and {fnmr} when every distance is accepted"
    )]
    NoEqualError {
        /// Highest false match rate.
        fmr: f64,
        /// Lowest false non-match rate.
        fnmr: f64,
    },
    /// Two crops of different sizes.
    #[error("expected two crops of one shape, found {a:?} and {b:?}")]
    Shape {
        /// Axes of one.
        a: Vec<usize>,
        /// Axes of the other.
        b: Vec<usize>,
    },
}
