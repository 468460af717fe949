//! The threshold for a gallery.
//!
//! A stranger who is compared with N faces has N chances to be taken for somebody. If
//! each comparison errs with the false match rate FMR, independently, the chance of
//! one error or more is FPIR = 1 - (1 - FMR)^N, so a gallery may have
//! FMR = 1 - (1 - FPIR)^(1/N) in each. The
//! threshold of a single comparison, in a gallery of 1,000 people, would greet two
//! strangers in three by somebody's name.
//!
//! Comparisons of one stranger are not quite independent: who is near to one face is
//! near to those like it. That makes the true rate **lower**, and the threshold errs
//! on the safe side; `docs/calibration.md` has the measured gap.

use facenet::matching::Threshold;

use super::{CalibratedThreshold, Calibration, CalibrationError};
use crate::RateEstimate;
use crate::rate::{is_rate, rule_of_three, trials_for};

/// A threshold for a gallery and what to expect of it.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct GalleryPoint {
    /// Faces in the gallery.
    pub gallery: usize,
    /// False positive identification rate asked for: how many of the strangers may
    /// be taken for somebody.
    pub fpir: f64,
    /// Accepts distances below it.
    pub threshold: Threshold,
    /// False match rate of one comparison there.
    pub fmr: RateEstimate,
    /// How often one image of the right person is refused there.
    pub fnmr: RateEstimate,
    /// The false positive identification rate expected there, with the interval that
    /// the false match rate's gives.
    pub expected: RateEstimate,
}

/// The false match rate that each of `gallery` comparisons may have, for the false
/// positive identification rate `fpir`: 1 - (1 - fpir)^(1/gallery).
///
/// ```
/// let fmr = biometrics::calibration::comparison_fmr(0.01, 1000);
/// assert!((fmr - 1.005e-5).abs() < 1e-8);
/// ```
pub fn comparison_fmr(fpir: f64, gallery: usize) -> f64 {
    // Exact where 1 - fpir would be rounded.
    -((-fpir).ln_1p() / gallery as f64).exp_m1()
}

/// The way back: 1 - (1 - fmr)^gallery.
pub fn gallery_fpir(fmr: f64, gallery: usize) -> f64 {
    -((-fmr).ln_1p() * gallery as f64).exp_m1()
}

impl Calibration {
    /// The most permissive threshold at which a stranger is taken for somebody of a
    /// gallery in at most `fpir` of cases. `gallery` counts the **faces** that a
    /// probe is compared with, several a person if there are several images.
    ///
    /// # Errors
    /// When `fpir` is not above 0 and at most 1; when the gallery is empty; and when
    /// it is so large that the pairs of two people behind this calibration cannot
    /// support the rate that each comparison may have.
    pub fn for_gallery(&self, gallery: usize, fpir: f64) -> Result<GalleryPoint, CalibrationError> {
        if !is_rate(fpir) {
            let what = "a false positive identification rate";
            return Err(CalibrationError::Rate { what, found: fpir });
        }
        if gallery == 0 {
            return Err(CalibrationError::EmptyGallery);
        }
        let fmr = comparison_fmr(fpir, gallery);
        let point = self.at_fmr(fmr).map_err(|error| match error {
            CalibrationError::TooFewImpostors { found, .. } => {
                // ln(1 - FPIR) = N · ln(1 - 3/found)
                let most = (-fpir).ln_1p() / (-rule_of_three(found)).ln_1p();
                let (needed, largest) = (trials_for(fmr), most as u64);
                CalibrationError::GalleryTooLarge { gallery, fpir, fmr, needed, found, largest }
            }
            other => other,
        })?;
        let expected = RateEstimate {
            value: gallery_fpir(point.fmr.value, gallery),
            low: gallery_fpir(point.fmr.low, gallery),
            high: gallery_fpir(point.fmr.high, gallery),
        };
        let CalibratedThreshold { threshold, fmr, fnmr, .. } = point;
        Ok(GalleryPoint { gallery, fpir, threshold, fmr, fnmr, expected })
    }
}
