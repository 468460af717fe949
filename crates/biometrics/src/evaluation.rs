//! Verification figures from distances.
//!
//! The names are those of ISO/IEC 19795-1, for the rule of the notebook, which
//! **accepts two images as one person when distance < threshold**:
//!
//! | name | of | share that |
//! | --- | --- | --- |
//! | FMR, false match rate | impostor comparisons (two people) | is accepted |
//! | FNMR, false non-match rate | genuine comparisons (one person) | is not accepted |
//! | TAR, true accept rate | genuine comparisons | is accepted, 1 - FNMR |
//! | EER, equal error rate | both | errs where FMR = FNMR |
//!
//! A comparison that could not be made (no face found, file unreadable) has no
//! distance and is a *failure*. It counts as wrong in the accuracy and as not
//! accepted in the rates, as if its distance were infinite: a system must not
//! look better for refusing hard images. Rates with failures in them are,
//! strictly, the standard's false accept and false reject rates, which include
//! failures to acquire (FTA); the number of failures is always given.
//!
//! Distances are taken as given, whatever measure they come from: encodings
//! (`0..2`) or [`pixels`].
//!
//! | figure | type |
//! | --- | --- |
//! | accuracy by cross-validation, the protocol of LFW's view 2 | [`KFold`] |
//! | FMR, FNMR, EER, TAR at an FMR, area under the curve | [`Roc`] |
//! | one rate with its confidence interval | [`Rate`] |
//! | FPIR and FNIR in galleries | [`Galleries`] |
//! | rates by group of people | [`by_group`] |
//! | where to look first | [`Hardest`], [`Histogram`] |
//! | all of it, for printing or JSON | [`Report`] |

mod curve;
mod error;
mod galleries;
mod groups;
mod hardest;
mod k_fold;
pub mod pixels;
mod report;
mod roc;

pub use crate::rate::{Interval, Rate};
pub use curve::{RocPoint, normal_deviate};
pub use error::EvaluationError;
pub use galleries::{Galleries, GalleryOptions, IdentificationPoint};
pub use groups::{GroupFigures, GroupRates, by_group};
pub use hardest::{Hardest, Histogram};
pub use k_fold::{Fold, KFold};
pub use report::{Report, ReportOptions, TarAtFmr};
pub use roc::{EqualError, OperatingPoint, Roc};

/// Two images that were compared, or could not be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// Their distance; `None` for a failure.
    pub distance: Option<f64>,
    /// Whether they show one person (genuine) or two (impostor).
    pub same: bool,
    /// The part of the cross-validation it belongs to.
    pub fold: usize,
}

/// How many comparisons there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Comparisons of one person.
    pub genuine: usize,
    /// Comparisons of two people.
    pub impostor: usize,
    /// Comparisons of either without a distance.
    pub failures: usize,
}

impl Tally {
    /// Counts, and checks every distance. Both kinds are present afterwards.
    pub(super) fn of(comparisons: &[Comparison]) -> Result<Self, EvaluationError> {
        let mut tally = Self::default();
        for (position, comparison) in comparisons.iter().enumerate() {
            match comparison.distance {
                Some(distance) => check_distance(position, distance)?,
                None => tally.failures += 1,
            }
            if comparison.same {
                tally.genuine += 1;
            } else {
                tally.impostor += 1;
            }
        }
        let Self { genuine, impostor, .. } = tally;
        check_sides(genuine, impostor)?;
        Ok(tally)
    }
}

/// Refuses an empty or one-sided set.
pub(super) fn check_sides(genuine: usize, impostor: usize) -> Result<(), EvaluationError> {
    match (genuine, impostor) {
        (0, 0) => Err(EvaluationError::Empty),
        (0, _) | (_, 0) => Err(EvaluationError::OneSided { genuine, impostor }),
        _ => Ok(()),
    }
}

/// The range of f32 is more than any distance needs, and within it no sum of two
/// distances overflows.
pub(super) fn check_distance(position: usize, distance: f64) -> Result<(), EvaluationError> {
    if distance.abs() <= f64::from(f32::MAX) {
        return Ok(());
    }
    Err(EvaluationError::Distance { position, found: distance })
}
