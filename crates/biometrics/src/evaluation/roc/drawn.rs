//! Few enough points of the curve to draw or to write down.

use super::{Roc, RocPoint};

/// How far a point is from the last one drawn, in logits of either rate: less than
/// can be seen.
const APART: f64 = 0.02;
/// Rates nearer to 0 and 1 than this look alike.
const SMALLEST: f64 = 1e-7;

impl Roc {
    /// [`points`](Self::points), without those that lie so near to the one before that
    /// no image would show them; first and last are there.
    pub fn drawn(&self) -> Vec<RocPoint> {
        let logit = |rate: f64| ((rate + SMALLEST) / (1.0 - rate + SMALLEST)).ln();
        let mut drawn: Vec<RocPoint> = Vec::new();
        let mut last: Option<[f64; 2]> = None;
        let mut skipped = None;
        for point in self.points() {
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
}
