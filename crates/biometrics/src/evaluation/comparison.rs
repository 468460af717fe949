//! What every figure is made of: one comparison and its answer.

use super::EvaluationError;

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
