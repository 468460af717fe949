//! A share with the confidence it deserves.

use serde::Serialize;

/// The 97.5 % point of the normal distribution: two-sided 95 %.
const Z: f64 = 1.959_963_984_540_054;

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
    pub(super) fn known(count: usize, of: usize) -> Self {
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
    /// use biometrics::evaluation::Rate;
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
