//! The walk through every threshold that makes a difference.
//!
//! With the rule distance < threshold, all thresholds between two neighboring
//! distances accept the same comparisons, and those of one distance can only be
//! accepted together. So for m different distances there are m + 1 steps, from
//! none to all accepted. Cross-validation and the ROC both take this walk.

/// What a threshold accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Step {
    /// The middle between the last distance accepted and the first one not. At
    /// the ends: the smallest distance, and the number next after the largest.
    pub threshold: f64,
    /// Genuine comparisons accepted.
    pub genuine: usize,
    /// Impostor comparisons accepted.
    pub impostor: usize,
}

/// The steps over `(distance, genuine)`, which ascend and are finite; none if
/// there is no distance.
pub(super) fn sweep(sorted: impl Iterator<Item = (f64, bool)>) -> impl Iterator<Item = Step> {
    let mut rest = sorted.peekable();
    let first = rest.peek().map(|&(d, _)| Step { threshold: d, genuine: 0, impostor: 0 });
    let mut step = first;
    let steps = std::iter::from_fn(move || {
        let (distance, _) = *rest.peek()?;
        let counts = step.as_mut()?;
        while let Some((_, same)) = rest.next_if(|&(d, _)| d == distance) {
            if same {
                counts.genuine += 1;
            } else {
                counts.impostor += 1;
            }
        }
        counts.threshold = match rest.peek() {
            Some(&(next, _)) => between(distance, next),
            None => distance.next_up(),
        };
        Some(*counts)
    });
    first.into_iter().chain(steps)
}

/// A threshold that accepts `low` and not `high`, which is larger.
fn between(low: f64, high: f64) -> f64 {
    let middle = f64::midpoint(low, high);
    // Between neighboring numbers the middle is rounded to one of them.
    if middle > low { middle } else { high }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_accepted_together() {
        let sorted = [(0.25, true), (0.5, false), (0.5, true), (1.0, false)];
        let steps: Vec<_> = sweep(sorted.into_iter()).collect();
        let step = |threshold, genuine, impostor| Step { threshold, genuine, impostor };
        assert_eq!(
            steps,
            [step(0.25, 0, 0), step(0.375, 1, 0), step(0.75, 2, 1), step(1.0f64.next_up(), 2, 2)]
        );
        assert_eq!(sweep(std::iter::empty()).count(), 0);
    }

    #[test]
    fn neighboring_numbers_are_told_apart() {
        for low in [0.7, -0.7, 0.0, -5e-324, 1e30] {
            let high = f64::next_up(low);
            let threshold = between(low, high);
            assert!(low < threshold && threshold <= high, "{low} {threshold} {high}");
        }
    }
}
