//! An error rate with its interval, by either way of having one.

use serde::Serialize;

use crate::evaluation::{Interval, Rate};

/// A rate from 0 to 1 and the range that holds the true one with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ErrorRate {
    /// The rate measured.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl ErrorRate {
    /// `count` of `of` independent trials; `of` is above 0.
    pub(super) fn wilson(count: u64, of: u64) -> Self {
        let value = count as f64 / of as f64;
        let whole = Interval { low: 0.0, high: 1.0 };
        let Interval { low, high } = Rate::new(count, of).map_or(whole, Rate::interval);
        Self { value, low, high }
    }

    /// The same with the rates of resamples: the middle 95 % of them (Efron's
    /// percentile interval), or Wilson's where that is wider. Where errors are few,
    /// resamples repeat the few and cannot know of those that were not seen; none in
    /// the sample would be none in every resample.
    pub(super) fn bootstrap(count: u64, of: u64, resamples: &mut [f64]) -> Self {
        let wilson = Self::wilson(count, of);
        let Some(middle) = central(resamples) else { return wilson };
        let (low, high) = (wilson.low.min(middle.low), wilson.high.max(middle.high));
        Self { low, high, ..wilson }
    }

    /// With four digits, as many as an interval deserves.
    pub(super) fn rounded(self) -> Self {
        let rounded = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
        let Self { value, low, high } = self;
        Self { value: rounded(value), low: rounded(low), high: rounded(high) }
    }

    /// On the straight line from this to `other`; `share` is 0 at this.
    pub(super) fn toward(self, other: Self, share: f64) -> Self {
        let along = |a: f64, b: f64| a + share * (b - a);
        Self {
            value: along(self.value, other.value),
            low: along(self.low, other.low),
            high: along(self.high, other.high),
        }
    }
}

/// The middle 95 % of `values`; nothing where there are fewer than 40, of which none
/// lies outside.
pub(super) fn central(values: &mut [f64]) -> Option<Interval> {
    const OUTSIDE: f64 = 0.025;
    let outside = (OUTSIDE * values.len() as f64) as usize;
    if outside == 0 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(Interval { low: values[outside], high: values[values.len() - 1 - outside] })
}
