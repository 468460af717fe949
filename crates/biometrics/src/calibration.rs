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
//! use facenet::engine::Looks;
//!
//! let calibration = Calibration::embedded(Looks::Two)?;
//! let point = calibration.at_fmr(1e-3)?;
//! assert!(point.fmr.value <= 1e-3 && point.fmr.high < 2e-3);
//! // Closer pairs are likelier to be one person.
//! let near = calibration.probability(0.5, 0.5)?;
//! assert!(near.value > calibration.probability(0.9, 0.5)?.value);
//! // A crowd needs a stricter threshold than a single comparison.
//! assert!(calibration.for_gallery(1000, 0.01)?.threshold < point.threshold);
//! # Ok::<(), biometrics::calibration::CalibrationError>(())
//! ```

mod all_pairs;
mod distances;
mod document;
mod error;
mod file;
mod gallery;
mod grid;
mod probability;
mod table;

use serde::{Deserialize, Serialize};

pub use distances::{Distances, Pairing};
pub use error::CalibrationError;
pub use gallery::{GalleryPoint, comparison_fmr, gallery_fpir};
pub use probability::{Probability, ProbabilityCurve};
pub use table::{Row, Table};

use facenet::engine::Looks;
use facenet::matching::Threshold;

use crate::RateEstimate;

/// Error rates and probabilities of one model's distances.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    about: About,
    options: CalibrationOptions,
    curve: ProbabilityCurve,
    table: Table,
}

/// Provenance of a calibration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The network, such as `happyhouse`.
    pub variant: String,
    /// [Hash](facenet::weights::Weights::hash) of its weights.
    pub weights_sha256: String,
    /// From how many [views](facenet::engine::Looks) of a face an encoding was made.
    pub looks: u8,
    /// Day of making, `2026-11-25`.
    pub created: String,
    /// Name of the images.
    pub data: String,
    /// How faces were cut out of them.
    pub faces: String,
    /// Which pairs were compared.
    pub pairing: Pairing,
    /// Images compared.
    #[serde(alias = "pictures")]
    pub images: u64,
    /// People on them, where that is known.
    pub people: Option<u64>,
    /// Images in which no face was found. They are in no pair, and no rate counts
    /// them.
    pub failures: u64,
}

/// The defaults of a calibration's answers.
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
pub struct CalibratedThreshold {
    /// The false match rate asked for.
    pub target: f64,
    /// The most permissive thousandth that keeps it.
    pub threshold: Threshold,
    /// False match rate there, at most `target`.
    pub fmr: RateEstimate,
    /// False non-match rate there.
    pub fnmr: RateEstimate,
}

impl Calibration {
    /// The calibration of the [embedded weights](facenet::weights::Weights::embedded). There is one
    /// for each number of looks. It belongs to the tensors beside it in the package `weights`; a test holds that the hash in
    /// it is theirs, so that it need not be computed on every start.
    ///
    /// # Errors
    /// When the binary was built with a file that is none.
    pub fn embedded(looks: Looks) -> Result<Self, CalibrationError> {
        let (text, name) = match looks {
            Looks::One => (weights::CALIBRATION_ONE_LOOK, "(embedded) calibration-one-look.json"),
            Looks::Two => (weights::CALIBRATION, "(embedded) calibration.json"),
        };
        Self::parse(text, name.as_ref())
    }

    /// Learns from counted distances. `about` says where they are from; its
    /// pairing, images and people are taken from the distances where these know.
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

    /// Its provenance.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// The defaults of its answers.
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
    pub fn default_point(&self) -> Result<CalibratedThreshold, CalibrationError> {
        self.at_fmr(self.options.fmr)
    }

    /// The most permissive threshold, in thousandths, with a false match rate of at
    /// most `fmr`.
    ///
    /// # Errors
    /// When `fmr` is not above 0 and at most 1, or there are fewer than 3 / `fmr`
    /// pairs of two people: with that many, no false match among them bounds the rate
    /// by `fmr` with 95 % confidence (the rule of three).
    pub fn at_fmr(&self, fmr: f64) -> Result<CalibratedThreshold, CalibrationError> {
        let &Row { threshold, fmr: found, fnmr, .. } = self.table.at_fmr(fmr)?;
        Ok(CalibratedThreshold { target: fmr, threshold, fmr: found, fnmr })
    }

    /// The strictest threshold whose false match rate these pairs can tell: that of
    /// 3 / pairs of two people.
    pub(crate) fn strictest(&self) -> Threshold {
        self.table.strictest().threshold
    }

    /// False match rate and false non-match rate of any threshold.
    pub fn rates(&self, threshold: Threshold) -> [RateEstimate; 2] {
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
    /// When it was not, with both hashes; when its encodings were made from another number
    /// of looks.
    pub fn check_model(
        &self,
        variant: &str,
        sha256: &str,
        looks: Looks,
    ) -> Result<(), CalibrationError> {
        let About { variant: of, weights_sha256, looks: calibrated_looks, .. } = &self.about;
        if of != variant || weights_sha256 != sha256 {
            let calibrated = format!("{of} {weights_sha256}");
            let used = format!("{variant} {sha256}");
            return Err(CalibrationError::OtherModel { calibrated, used });
        }
        if *calibrated_looks != looks.count() {
            let (calibrated, used) = (*calibrated_looks, looks.count());
            return Err(CalibrationError::OtherLooks { calibrated, used });
        }
        Ok(())
    }
}
