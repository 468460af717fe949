//! Rates with the confidence they deserve, and how much data supports one.

use serde::Serialize;

/// The 97.5 % point of the normal distribution: two-sided 95 %.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// So many events of so many trials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(into = "Record")]
pub struct Rate {
    count: u64,
    of: u64,
}

/// A range that contains the true rate with 95 % confidence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// Lower end, 0 or more.
    pub low: f64,
    /// Upper end, 1 or less.
    pub high: f64,
}

/// The form in JSON.
#[derive(Serialize)]
struct Record {
    value: f64,
    low: f64,
    high: f64,
    count: u64,
    of: u64,
}

impl Rate {
    /// `count` of `of`; `None` without a trial, or with more events than trials.
    pub fn new(count: u64, of: u64) -> Option<Self> {
        (of > 0 && count <= of).then_some(Self { count, of })
    }

    /// For counts that are known to be those of a rate.
    pub(crate) fn known(count: usize, of: usize) -> Self {
        assert!(of > 0 && count <= of, "{count} of {of} is no rate");
        Self { count: count as u64, of: of as u64 }
    }

    /// Events.
    pub fn count(self) -> u64 {
        self.count
    }

    /// Trials.
    pub fn of(self) -> u64 {
        self.of
    }

    /// Events by trials, 0 to 1.
    pub fn value(self) -> f64 {
        self.count as f64 / self.of as f64
    }

    /// The rate of trials without the event.
    #[must_use]
    pub fn complement(self) -> Self {
        Self { count: self.of - self.count, of: self.of }
    }

    /// Wilson's score interval at 95 % (Wilson 1927): the rates p for which
    /// |value - p| is at most z·√(p(1-p)/n), z = 1.96.
    ///
    /// Right for independent trials. Pairs that share images or people are
    /// not, and the true uncertainty is then larger.
    ///
    /// ```
    /// use biometrics::Rate;
    ///
    /// // No error in 3,000 trials does not mean that there are none.
    /// let interval = Rate::new(0, 3000).unwrap().interval();
    /// assert_eq!(interval.low, 0.0);
    /// assert!((interval.high - 0.00128).abs() < 1e-5);
    /// ```
    pub fn interval(self) -> Interval {
        let n = self.of as f64;
        let p = self.value();
        let z2 = Z * Z / n;
        let middle = (p + z2 / 2.0) / (1.0 + z2);
        let half = Z * ((p * (1.0 - p) + z2 / 4.0) / n).sqrt() / (1.0 + z2);
        // The ends are exactly 0 and 1 there; rounding must not say otherwise.
        let low = if self.count == 0 { 0.0 } else { (middle - half).max(0.0) };
        let high = if self.count == self.of { 1.0 } else { (middle + half).min(1.0) };
        Interval { low, high }
    }
}

impl From<Rate> for Record {
    fn from(rate: Rate) -> Self {
        let Interval { low, high } = rate.interval();
        Self { value: rate.value(), low, high, count: rate.count, of: rate.of }
    }
}

/// A rate from 0 to 1 and the range that holds the true one with 95 % confidence, whichever
/// way both were found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RateEstimate {
    /// The rate measured.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl RateEstimate {
    /// `count` of `of` independent trials; `of` is above 0.
    pub(crate) fn wilson(count: u64, of: u64) -> Self {
        let value = count as f64 / of as f64;
        let whole = Interval { low: 0.0, high: 1.0 };
        let Interval { low, high } = Rate::new(count, of).map_or(whole, Rate::interval);
        Self { value, low, high }
    }

    /// The same with the rates of resamples: the middle 95 % of them (Efron's
    /// percentile interval), or Wilson's where that is wider. Where errors are few,
    /// resamples repeat the few and cannot know of those that were not seen; none in
    /// the sample would be none in every resample.
    pub(crate) fn bootstrap(count: u64, of: u64, resamples: &mut [f64]) -> Self {
        let wilson = Self::wilson(count, of);
        let Some(middle) = central(resamples) else { return wilson };
        let (low, high) = (wilson.low.min(middle.low), wilson.high.max(middle.high));
        Self { low, high, ..wilson }
    }

    /// With four digits, as many as an interval deserves.
    pub(crate) fn rounded(self) -> Self {
        let rounded = |value: f64| format!("{value:.3e}").parse().unwrap_or(value);
        let Self { value, low, high } = self;
        Self { value: rounded(value), low: rounded(low), high: rounded(high) }
    }

    /// On the straight line from this to `other`; `share` is 0 at this.
    pub(crate) fn toward(self, other: Self, share: f64) -> Self {
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
pub(crate) fn central(values: &mut [f64]) -> Option<Interval> {
    const OUTSIDE: f64 = 0.025;
    let outside = (OUTSIDE * values.len() as f64) as usize;
    if outside == 0 {
        return None;
    }
    values.sort_unstable_by(f64::total_cmp);
    Some(Interval { low: values[outside], high: values[values.len() - 1 - outside] })
}

/// Room for the rounding of products such as 0.001 × 3000.
const ROUNDING: f64 = 1e-12;

/// The rule of three: no event among n trials bounds their rate by 3 / n with 95 % confidence.
const THREE: f64 = 3.0;

/// The smallest rate that so many trials support, by the rule of three; 1 for three or fewer.
pub(crate) fn rule_of_three(trials: u64) -> f64 {
    (THREE / trials as f64).min(1.0)
}

/// Trials that support a rate, by the rule of three.
pub(crate) fn trials_for(rate: f64) -> u64 {
    // `as` saturates where a tiny rate would need more than 2^64.
    (THREE / rate * (1.0 - ROUNDING)).ceil() as u64
}

/// Most events of so many trials that keep a rate.
pub(crate) fn most_events(rate: f64, trials: u64) -> u64 {
    (rate * trials as f64 * (1.0 + ROUNDING)).floor() as u64
}

/// Whether it is one that can be asked for: above 0 and at most 1.
pub(crate) fn is_rate(rate: f64) -> bool {
    rate > 0.0 && rate <= 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_that_are_whole_are_not_rounded_away() {
        assert_eq!([1e-1, 1e-3, 1e-4].map(trials_for), [30, 3_000, 30_000]);
        assert_eq!(most_events(0.001, 3_000), 3);
        assert_eq!(most_events(0.001, 2_999), 2);
        assert_eq!(trials_for(1e-300), u64::MAX);
        assert_eq!([2, 3, 30, 3_000].map(rule_of_three), [1.0, 1.0, 0.1, 1e-3]);
    }
}
