//! One comparison: the threshold, the errors that it makes, and how probable one person is.

use std::sync::Arc;

use facenet::matching::Threshold;
use serde::Serialize;

use super::PolicyError;
use crate::RateEstimate;
use crate::calibration::{Calibration, CalibrationError, Probability};

/// Options of the policy; unset ones come from the calibration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct VerificationOptions {
    /// Accept below this distance.
    pub threshold: Option<Threshold>,
    /// Accept at the threshold with this false match rate, where no threshold is given.
    pub fmr: Option<f64>,
    /// Probability that it is one person, before the comparison.
    pub prior: Option<f64>,
}

/// The threshold of one comparison and its calibration.
#[derive(Clone, Debug)]
pub struct VerificationPolicy {
    threshold: Threshold,
    basis: Option<Basis>,
}

/// The answer to "is this one person?".
///
/// Two questions are behind it. The threshold answers whether few enough strangers pass; the
/// probability, which of the two is likelier. Between the thresholds of both they disagree,
/// and neither answer would be honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Answer {
    /// The threshold accepts, and two people are not likelier than one.
    Same,
    /// The threshold refuses, and one person is not likelier than two.
    Different,
    /// The threshold refuses although one person is likelier than two, or accepts although
    /// two are.
    Uncertain,
}

/// A calibration with a prior.
#[derive(Clone, Debug)]
struct Basis {
    calibration: Arc<Calibration>,
    prior: f64,
}

/// Statistics of a distance at a policy's threshold; without a calibration only the answer is
/// known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct VerificationStats {
    /// The answer, with what is known of the distance.
    pub answer: Answer,
    /// False match rate of the threshold, in one comparison.
    pub fmr: Option<RateEstimate>,
    /// False non-match rate of the threshold.
    pub fnmr: Option<RateEstimate>,
    /// That it is one person.
    pub probability: Option<Probability>,
    /// The prior: the probability before the comparison.
    pub prior: Option<f64>,
    /// The calibration behind the other fields.
    pub calibration: Option<CalibrationSummary>,
}

/// A calibration in a few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CalibrationSummary {
    /// Name of the images.
    pub data: String,
    /// Day of making.
    pub created: String,
    /// Pairs of one person.
    pub genuine: u64,
    /// Pairs of two people.
    pub impostor: u64,
}

impl VerificationPolicy {
    /// The threshold of the options, or the calibration's. Without a calibration it is
    /// [`Threshold::NOTEBOOK`], whose error rates are then unknown.
    ///
    /// # Errors
    /// When the calibration does not support the false match rate, the prior is none, or
    /// there is no calibration to ask for them.
    pub fn new(
        calibration: Option<Arc<Calibration>>,
        options: &VerificationOptions,
    ) -> Result<Self, PolicyError> {
        let &VerificationOptions { threshold, fmr, prior } = options;
        let Some(calibration) = calibration else {
            if fmr.is_some() || prior.is_some() {
                return Err(PolicyError::NoCalibration);
            }
            return Ok(Self { threshold: threshold.unwrap_or(Threshold::NOTEBOOK), basis: None });
        };
        let threshold = match threshold {
            Some(threshold) => threshold,
            None => calibration.at_fmr(fmr.unwrap_or(calibration.options().fmr))?.threshold,
        };
        let prior = prior.unwrap_or(calibration.options().prior);
        // A prior that is none shows before any photo is read.
        calibration.probability(0.0, prior)?;
        Ok(Self { threshold, basis: Some(Basis { calibration, prior }) })
    }

    /// Accepts distances below it.
    pub fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// The calibration of the model, if there is one.
    pub fn calibration(&self) -> Option<&Calibration> {
        self.basis.as_ref().map(|basis| &*basis.calibration)
    }

    /// Probability of one person before a comparison; nothing without a calibration.
    pub fn prior(&self) -> Option<f64> {
        self.basis.as_ref().map(|basis| basis.prior)
    }

    /// How probable one person is at `distance`; nothing without a calibration.
    ///
    /// # Errors
    /// Never: the prior was checked when the policy was made.
    pub fn probability(&self, distance: f32) -> Result<Option<Probability>, CalibrationError> {
        let Some(Basis { calibration, prior }) = &self.basis else { return Ok(None) };
        calibration.probability(distance, *prior).map(Some)
    }

    /// The answer to a distance; that of the threshold alone without a calibration.
    ///
    /// # Errors
    /// As [`probability`](Self::probability).
    pub fn answer(&self, distance: f32) -> Result<Answer, CalibrationError> {
        let is_likelier = self.probability(distance)?.map(|one_person| one_person.value >= 0.5);
        let by_threshold = self.answer_by_threshold(distance);
        let agrees = is_likelier.is_none_or(|same| same == (by_threshold == Answer::Same));
        Ok(if agrees { by_threshold } else { Answer::Uncertain })
    }

    /// The threshold's answer alone, for a distance whose probability is not known: never
    /// uncertain.
    pub fn answer_by_threshold(&self, distance: f32) -> Answer {
        match self.threshold.accepts(distance) {
            true => Answer::Same,
            false => Answer::Different,
        }
    }

    /// Statistics of `distance`.
    ///
    /// # Errors
    /// As [`probability`](Self::probability).
    pub fn stats(&self, distance: f32) -> Result<VerificationStats, CalibrationError> {
        let answer = self.answer(distance)?;
        let Some(Basis { calibration, prior }) = &self.basis else {
            return Ok(VerificationStats {
                answer,
                fmr: None,
                fnmr: None,
                probability: None,
                prior: None,
                calibration: None,
            });
        };
        let [fmr, fnmr] = calibration.rates(self.threshold);
        let [genuine, impostor] = calibration.pairs();
        let about = calibration.about();
        let (data, created) = (about.data.clone(), about.created.clone());
        Ok(VerificationStats {
            answer,
            fmr: Some(fmr),
            fnmr: Some(fnmr),
            probability: self.probability(distance)?,
            prior: Some(*prior),
            calibration: Some(CalibrationSummary { data, created, genuine, impostor }),
        })
    }
}

#[cfg(test)]
mod tests {
    use facenet::engine::Looks;

    use super::*;

    #[test]
    fn where_threshold_and_probability_disagree_the_answer_is_uncertain() {
        let calibration = || Some(Arc::new(Calibration::embedded(Looks::Two).unwrap()));
        let of = |options: VerificationOptions, distance: f32| {
            let policy = VerificationPolicy::new(calibration(), &options).unwrap();
            policy.answer(distance).unwrap()
        };
        let usual = VerificationOptions::default();
        let threshold = calibration().unwrap().default_point().unwrap().threshold.distance();
        assert_eq!(of(usual, threshold - 0.05), Answer::Same);
        // Refused, and more probable than not.
        assert_eq!(of(usual, threshold + 0.01), Answer::Uncertain);
        assert_eq!(of(usual, 1.2), Answer::Different);
        let rare = VerificationOptions { prior: Some(1e-6), ..usual };
        assert_eq!(of(rare, threshold - 0.01), Answer::Uncertain);
        assert_eq!(of(rare, threshold + 0.01), Answer::Different);
        let open = VerificationOptions { threshold: Some(Threshold::new(1.5).unwrap()), ..usual };
        assert_eq!(of(open, 1.2), Answer::Uncertain);
    }

    #[test]
    fn without_a_calibration_the_threshold_answers() {
        let policy = VerificationPolicy::new(None, &VerificationOptions::default()).unwrap();
        assert_eq!(policy.answer(0.69).unwrap(), Answer::Same);
        assert_eq!(policy.stats(0.71).unwrap().answer, Answer::Different);
    }
}
