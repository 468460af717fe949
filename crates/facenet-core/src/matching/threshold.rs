//! The distance below which two faces count as one person's.

use std::fmt;
use std::str::FromStr;

/// A distance from 0 to 2, the range of distances on the unit sphere.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Threshold(f32);

/// A number that is no threshold.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("a threshold is a distance from 0 to 2, found {found}")]
pub struct ThresholdError {
    /// What was given.
    pub found: String,
}

impl Threshold {
    /// For the shipped weights: one in a thousand pairs of different people on LFW is
    /// nearer (FMR 0.1 %), and 35.7 % of pairs of one person are farther (FNMR), over
    /// all 29.6 million pairs of 7,701 pictures. It is the default point of the embedded
    /// calibration (`biometrics::calibration`), as a constant.
    ///
    /// For one comparison. Where a face is compared with a whole gallery, ask
    /// `Calibration::for_gallery`.
    pub const DEFAULT: Self = Self(0.643);

    /// The notebook's rule.
    pub const NOTEBOOK: Self = Self(0.7);

    /// # Errors
    /// When the distance is NaN or not from 0 to 2.
    pub fn new(distance: f32) -> Result<Self, ThresholdError> {
        if (0.0..=2.0).contains(&distance) {
            Ok(Self(distance))
        } else {
            Err(ThresholdError { found: distance.to_string() })
        }
    }

    /// The distance.
    pub fn distance(self) -> f32 {
        self.0
    }

    /// Whether `distance` says "the same person": it is below the threshold.
    pub fn accepts(self, distance: f32) -> bool {
        distance < self.0
    }
}

impl Default for Threshold {
    fn default() -> Self {
        Self::DEFAULT
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ThresholdError { found: format!("{text:?}") };
        text.parse().map_err(|_| error()).and_then(|d| Self::new(d).map_err(|_| error()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_distances_on_the_sphere() {
        for good in ["0", "0.7", "2"] {
            assert!(good.parse::<Threshold>().is_ok(), "{good}");
        }
        for bad in ["-0.1", "2.01", "NaN", "inf", "", "x"] {
            assert!(bad.parse::<Threshold>().is_err(), "{bad}");
        }
    }

    #[test]
    fn equality_is_a_refusal() {
        assert!(!Threshold::NOTEBOOK.accepts(0.7));
        assert!(Threshold::NOTEBOOK.accepts(0.699_999));
        assert!(!Threshold::NOTEBOOK.accepts(f32::NAN));
    }
}
