//! Sweeps all thresholds, and thins the curve for plotting.
//!
//! With the rule distance < threshold, all thresholds between two neighboring distances
//! accept the same comparisons, and those of one distance can only be accepted together. So
//! for m different distances there are m + 1 steps, from none to all accepted.
//! Cross-validation and the ROC both walk through these.

use serde::Serialize;

/// How far a point is from the last one drawn, in logits of either rate: less than
/// can be seen.
const APART: f64 = 0.02;
/// Rates nearer to 0 and 1 than this look alike.
const SMALLEST: f64 = 1e-7;

/// One point of the curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RocPoint {
    /// Accepts distances below it.
    pub threshold: f64,
    /// False match rate, 0 to 1.
    pub fmr: f64,
    /// False non-match rate, 0 to 1.
    pub fnmr: f64,
}

/// Thins the points: leaves out those so near to the one before that no chart would show
/// them; first and last are there.
pub(super) fn plot_points(points: impl Iterator<Item = RocPoint>) -> Vec<RocPoint> {
    let logit = |rate: f64| ((rate + SMALLEST) / (1.0 - rate + SMALLEST)).ln();
    let mut drawn: Vec<RocPoint> = Vec::new();
    let mut last: Option<[f64; 2]> = None;
    let mut skipped = None;
    for point in points {
        let here = [logit(point.fmr), logit(point.fnmr)];
        let apart = |last: [f64; 2]| (0..2).any(|i| (here[i] - last[i]).abs() > APART);
        if last.is_none_or(apart) {
            drawn.push(point);
            last = Some(here);
            skipped = None;
        } else {
            skipped = Some(point);
        }
    }
    drawn.extend(skipped);
    drawn
}

/// The number that a normally distributed one is below with probability
/// `probability`: the probit. Curves of two normally distributed kinds of distances
/// are straight lines on this scale, and small rates have room (Martin et al., "The
/// DET curve in assessment of detection task performance", 1997). Infinite at 0 and 1.
///
/// ```
/// use biometrics::evaluation::normal_deviate;
///
/// assert!(normal_deviate(0.5).abs() < 1e-12);
/// assert!((normal_deviate(0.975) - 1.959_963_984_540_054).abs() < 1e-9);
/// assert_eq!(normal_deviate(0.0), f64::NEG_INFINITY);
/// ```
pub fn normal_deviate(probability: f64) -> f64 {
    if !(probability > 0.0 && probability < 1.0) {
        return if probability.is_nan() { f64::NAN } else { (probability - 0.5) * f64::INFINITY };
    }
    // Halving: below 1e-300 at -38, and fast enough.
    let below = |x: f64| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2);
    let (mut low, mut high) = (-38.0, 38.0);
    for _ in 0..64 {
        let middle = f64::midpoint(low, high);
        if below(middle) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// Pairs that a threshold accepts.
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
