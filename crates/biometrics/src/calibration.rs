//! From a distance to a decision: thresholds with known error rates, and the
//! probability that two faces are one person's.
//!
//! A distance by itself says nothing: 0.64 is near for one model and far for another.
//! A [`Calibration`] is what pairs with known answers have taught about one model's
//! distances. It is made once and kept in a file; the one for the shipped weights is
//! inside the binary.
//!
//! | question | answer |
//! | --- | --- |
//! | which threshold lets one stranger in a thousand pass? | [`Calibration::at_fmr`] |
//! | which errors does a threshold make? | [`Calibration::rates`] |
//! | how probable is it that these are one person? | [`Calibration::probability`] |
//! | which threshold for a gallery of N faces? | [`Calibration::for_gallery`] |
//!
//! Every rate comes with its 95 % interval, and what the data cannot support is
//! refused: a false match rate FMR needs 3 / FMR pairs of two people.
//!
//! ```
//! use biometrics::calibration::Calibration;
//!
//! let calibration = Calibration::embedded()?;
//! let point = calibration.at_fmr(1e-3)?;
//! assert!(point.fmr.value <= 1e-3 && point.fmr.high < 2e-3);
//! // Closer pairs are likelier to be one person.
//! let near = calibration.probability(0.5, 0.5)?;
//! assert!(near.value > calibration.probability(0.9, 0.5)?.value);
//! // A crowd needs a stricter threshold than a single comparison.
//! assert!(calibration.for_gallery(1000, 0.01)?.threshold < point.threshold);
//! # Ok::<(), biometrics::calibration::CalibrationError>(())
//! ```

mod distances;
mod embedded;
mod error;
mod error_rate;
mod file;
mod grid;
mod identification;
mod isotonic;
mod probability;
mod table;

use serde::{Deserialize, Serialize};

pub use distances::{Distances, Pairing};
pub use error::CalibrationError;
pub use error_rate::ErrorRate;
pub use identification::{GalleryPoint, comparison_fmr, gallery_fpir};
pub use probability::{Probability, ProbabilityCurve};
pub use table::{Row, Table};

use facenet::matching::Threshold;

/// What is known of one model's distances.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    about: About,
    options: CalibrationOptions,
    curve: ProbabilityCurve,
    table: Table,
}

/// What a calibration is of, for those who have to trust it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The network, such as `happyhouse`.
    pub variant: String,
    /// [Hash](facenet::weights::Weights::hash) of its weights.
    pub weights_sha256: String,
    /// Day of making, `2026-11-25`.
    pub created: String,
    /// What the pictures are called.
    pub data: String,
    /// How faces were cut out of them.
    pub faces: String,
    /// Which pairs were compared.
    pub pairing: Pairing,
    /// Pictures compared.
    pub pictures: u64,
    /// People on them, where that is known.
    pub people: Option<u64>,
    /// Pictures in which no face was found. They are in no pair, and no rate counts
    /// them.
    pub failures: u64,
}

/// What a calibration answers unless asked otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationOptions {
    /// False match rate of the threshold.
    pub fmr: f64,
    /// Probability of one person before the comparison.
    pub prior: f64,
}

impl Default for CalibrationOptions {
    /// One stranger in a thousand; one person and two people equally likely.
    fn default() -> Self {
        Self { fmr: 1e-3, prior: 0.5 }
    }
}

/// A threshold and the errors that it makes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct OperatingPoint {
    /// The false match rate asked for.
    pub target: f64,
    /// The most permissive thousandth that keeps it.
    pub threshold: Threshold,
    /// False match rate there, at most `target`.
    pub fmr: ErrorRate,
    /// False non-match rate there.
    pub fnmr: ErrorRate,
}

impl Calibration {
    /// Learns from counted distances. `about` tells where they are from; its
    /// pairing, pictures and people are taken from the distances where these know.
    ///
    /// # Errors
    /// When the false match rate of `options` is not above 0 and at most 1, or there
    /// are fewer than 3 / rate pairs of two people; when the prior is not above 0 and
    /// below 1.
    pub fn fit(
        distances: &Distances,
        about: About,
        options: CalibrationOptions,
    ) -> Result<Self, CalibrationError> {
        let table = Table::of(distances);
        table.at_fmr(options.fmr)?;
        let curve = ProbabilityCurve::fit(distances);
        curve.probability(0.0, options.prior)?;
        let pairing = distances.pairing();
        Ok(Self { about: About { pairing, ..about }, options, curve, table })
    }

    /// What it is of.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// What it answers unless asked otherwise.
    pub fn options(&self) -> CalibrationOptions {
        self.options
    }

    /// The fitted curve.
    pub fn curve(&self) -> &ProbabilityCurve {
        &self.curve
    }

    /// Error rates against the threshold.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// Pairs of one person and of two that it rests on.
    pub fn pairs(&self) -> [u64; 2] {
        [self.table.genuine, self.table.impostor]
    }

    /// The threshold of the [options](Self::options) and its errors.
    ///
    /// # Errors
    /// Never for a calibration that was fitted or read: both have checked it.
    pub fn default_point(&self) -> Result<OperatingPoint, CalibrationError> {
        self.at_fmr(self.options.fmr)
    }

    /// The most permissive threshold, in thousandths, with a false match rate of at
    /// most `fmr`.
    ///
    /// # Errors
    /// When `fmr` is not above 0 and at most 1, or there are fewer than 3 / `fmr`
    /// pairs of two people: with that many, no false match among them bounds the rate
    /// by `fmr` with 95 % confidence (the rule of three).
    pub fn at_fmr(&self, fmr: f64) -> Result<OperatingPoint, CalibrationError> {
        let &Row { threshold, fmr: found, fnmr, .. } = self.table.at_fmr(fmr)?;
        Ok(OperatingPoint { target: fmr, threshold, fmr: found, fnmr })
    }

    /// The strictest threshold whose false match rate these pairs can tell: that of
    /// 3 / pairs of two people.
    pub fn strictest(&self) -> Threshold {
        self.table.strictest().threshold
    }

    /// False match rate and false non-match rate of any threshold.
    pub fn rates(&self, threshold: Threshold) -> [ErrorRate; 2] {
        self.table.rates(threshold.distance())
    }

    /// How probable one person is at `distance`, if it was `prior` before.
    ///
    /// # Errors
    /// When `prior` is not above 0 and below 1.
    pub fn probability(&self, distance: f32, prior: f64) -> Result<Probability, CalibrationError> {
        self.curve.probability(f64::from(distance), prior)
    }

    /// Checks that it was made with this model; distances of another mean something
    /// else.
    ///
    /// # Errors
    /// When it was not, with both hashes.
    pub fn check_model(&self, variant: &str, sha256: &str) -> Result<(), CalibrationError> {
        if self.about.variant == variant && self.about.weights_sha256 == sha256 {
            return Ok(());
        }
        let About { variant: of, weights_sha256, .. } = &self.about;
        let calibrated = format!("{of} {weights_sha256}");
        Err(CalibrationError::OtherModel { calibrated, used: format!("{variant} {sha256}") })
    }
}
