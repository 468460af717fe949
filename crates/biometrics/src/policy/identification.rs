//! Threshold policy of identification, one face against many people.

use std::sync::Arc;

use facenet::gallery::Gallery;
use facenet::matching::Threshold;
use serde::{Serialize, Serializer};

use super::{PolicyError, VerificationOptions, VerificationPolicy};
use crate::RateEstimate;
use crate::calibration::{Calibration, CalibrationError, gallery_fpir};

/// Default FPIR: share of strangers that may be taken for somebody.
const USUAL_FPIR: f64 = 0.01;

/// Options of the policy; unset ones come from the calibration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct IdentificationOptions {
    /// Accept below this distance, however many people there are.
    pub threshold: Option<Threshold>,
    /// Accept at the threshold at which this share of strangers is taken for somebody, where
    /// no threshold is given.
    pub fpir: Option<f64>,
}

/// The threshold among any number of people.
#[derive(Clone, Debug)]
pub struct IdentificationPolicy {
    verification: VerificationPolicy,
    rule: Rule,
}

/// How the threshold follows from the number of people.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Rule {
    /// Not at all: it was chosen.
    Fixed,
    /// The threshold of one comparison as long as it takes no more strangers than this
    /// share for somebody.
    AtMost(f64),
    /// The threshold that takes this share.
    Share(f64),
}

/// The threshold among a number of people, and what it does to strangers.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct GalleryThreshold {
    /// Accepts distances below it.
    #[serde(serialize_with = "distance")]
    pub threshold: Threshold,
    /// How many people the face is compared with.
    pub people: usize,
    /// How many photos of theirs.
    pub faces: usize,
    /// How many of the strangers are expected to be taken for somebody, if they and the people
    /// of the gallery look no more alike than those of the calibration; nothing without a
    /// calibration, or where that is [not so or not known](Resemblance).
    pub fpir: Option<RateEstimate>,
}

/// Whether the people of a gallery look more alike than those of the calibration, whose rates
/// are then not theirs.
///
/// Measured on the gallery itself, whose people are all different ones: how many of their
/// pairs are nearer than a distance that one pair of two people in a hundred is nearer than.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resemblance {
    /// They do not, or are too few to tell.
    Usual,
    /// They do.
    Closer {
        /// Pairs of two people that were compared.
        pairs: usize,
        /// Pairs that are nearer than the distance.
        near: usize,
        /// How many would be, of people like the calibration's.
        expected: f64,
    },
    /// There is no calibration, or it has too few pairs of two people to know the distance.
    Unknown,
}

/// Share of pairs that are near in a calibration's own people.
const NEAR: f64 = 0.01;
/// The gallery's share may be so many times as large: means of several photos lie up to twice
/// as often near to one another, and a family is no other population.
const TOLERATED: f64 = 3.0;
/// Standard deviations above which chance does not explain it.
const SURE: f64 = 3.3;

fn distance<S: Serializer>(threshold: &Threshold, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f32(threshold.distance())
}

impl IdentificationPolicy {
    /// The threshold or the rate of the options, or the usual ones.
    ///
    /// # Errors
    /// When the calibration does not support the false positive rate even for one person,
    /// or there is none to ask for it.
    pub fn new(
        calibration: Option<Arc<Calibration>>,
        options: &IdentificationOptions,
    ) -> Result<Self, PolicyError> {
        let &IdentificationOptions { threshold, fpir } = options;
        let usual = VerificationOptions { threshold, ..VerificationOptions::default() };
        let verification = VerificationPolicy::new(calibration, &usual)?;
        if let Some(fpir) = fpir {
            let calibration = verification.calibration().ok_or(PolicyError::NoCalibration)?;
            calibration.for_gallery(1, fpir)?;
        }
        let rule = match (threshold, fpir) {
            (Some(_), _) => Rule::Fixed,
            (None, Some(fpir)) => Rule::Share(fpir),
            (None, None) => Rule::AtMost(USUAL_FPIR),
        };
        Ok(Self { verification, rule })
    }

    /// For one comparison, such as that of a claim.
    pub fn verification(&self) -> &VerificationPolicy {
        &self.verification
    }

    /// For a probe that is compared with these people, of whom there are so many photos.
    ///
    /// # Errors
    /// When the calibration has no answer for another reason than that the gallery is too large
    /// for it, in which case its strictest threshold is in force.
    pub fn among(&self, people: usize, faces: usize) -> Result<GalleryThreshold, CalibrationError> {
        let single = self.verification.threshold();
        let Some(calibration) = self.verification.calibration() else {
            return Ok(GalleryThreshold { threshold: single, people, faces, fpir: None });
        };
        let threshold = match self.rule {
            Rule::Fixed => single,
            Rule::AtMost(fpir) => stricter(single, in_gallery(calibration, faces, fpir)?),
            Rule::Share(fpir) => in_gallery(calibration, faces, fpir)?,
        };
        let [fmr, _] = calibration.rates(threshold);
        let of = |rate| gallery_fpir(rate, faces);
        let fpir = RateEstimate { value: of(fmr.value), low: of(fmr.low), high: of(fmr.high) };
        Ok(GalleryThreshold { threshold, people, faces, fpir: Some(fpir) })
    }

    /// Whether these people look more alike than the calibration's.
    ///
    /// # Errors
    /// When the calibration has no answer for another reason than too few pairs.
    pub fn resemblance(&self, gallery: &Gallery) -> Result<Resemblance, CalibrationError> {
        let Some(calibration) = self.verification.calibration() else {
            return Ok(Resemblance::Unknown);
        };
        let near = match calibration.at_fmr(NEAR) {
            Ok(point) => point.threshold,
            Err(CalibrationError::TooFewImpostors { .. }) => return Ok(Resemblance::Unknown),
            Err(error) => return Err(error),
        };
        let [near, pairs] = gallery.near_pairs(near);
        let tolerated = TOLERATED * NEAR * pairs as f64;
        let is_more = near as f64 > tolerated + SURE * tolerated.sqrt() + 1.0;
        let expected = NEAR * pairs as f64;
        Ok(if is_more { Resemblance::Closer { pairs, near, expected } } else { Resemblance::Usual })
    }

    /// Why the calibration cannot speak for a gallery of so many photos, for which the
    /// strictest threshold that it has is in force then.
    pub fn extrapolates(&self, faces: usize) -> Option<CalibrationError> {
        let (Rule::AtMost(fpir) | Rule::Share(fpir)) = self.rule else { return None };
        self.verification.calibration()?.for_gallery(faces.max(1), fpir).err()
    }
}

fn stricter(a: Threshold, b: Threshold) -> Threshold {
    if b < a { b } else { a }
}

/// The threshold at which a stranger is taken for the person of one of `faces` with
/// probability `fpir`; the strictest that the calibration has, where it cannot speak for as
/// many, or for even one.
fn in_gallery(
    calibration: &Calibration,
    faces: usize,
    fpir: f64,
) -> Result<Threshold, CalibrationError> {
    match calibration.for_gallery(faces.max(1), fpir) {
        Ok(point) => Ok(point.threshold),
        Err(CalibrationError::GalleryTooLarge { .. }) => Ok(calibration.strictest()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use facenet::engine::Looks;

    use crate::calibration::{About, CalibrationOptions, Distances};
    use crate::evaluation::Comparison;

    fn embedded() -> Option<Arc<Calibration>> {
        Some(Arc::new(Calibration::embedded(Looks::Two).unwrap()))
    }

    fn among(policy: &IdentificationPolicy, faces: usize) -> GalleryThreshold {
        policy.among(faces, faces).unwrap()
    }

    fn policy(options: IdentificationOptions) -> Result<IdentificationPolicy, PolicyError> {
        IdentificationPolicy::new(embedded(), &options)
    }

    #[test]
    fn a_crowd_has_a_stricter_threshold_and_a_few_people_that_of_one() {
        let usual = policy(IdentificationOptions::default()).unwrap();
        let of = |faces| among(&usual, faces).threshold.distance();
        for faces in [0, 1, 10] {
            assert_eq!(of(faces), 0.617, "{faces}");
        }
        assert!(of(100) < of(11) && of(11) < 0.617 && of(10_000) < of(100));
        for faces in [1, 10, 11, 100, 99_299] {
            let fpir = among(&usual, faces).fpir.unwrap();
            assert!(fpir.value <= 0.01 * 1.001, "{faces}: {}", fpir.value);
            assert!(usual.extrapolates(faces).is_none(), "{faces}");
        }
        // More than LFW can speak for: as strict as it goes, and the rate says so.
        assert_eq!(of(1_000_000), of(99_299));
        assert!(usual.extrapolates(1_000_000).is_some());
        assert!(
            among(&usual, 1_000_000).fpir.unwrap().value
                > among(&usual, 99_299).fpir.unwrap().value
        );
    }

    /// A hundred pairs of two people, 0.005 apart from 1 on.
    fn small_calibration() -> Calibration {
        let pair = |distance, same| Comparison { distance: Some(distance), same, fold: 0 };
        let impostor = (0..100).map(|k| pair(1.0 + 0.005 * f64::from(k), false));
        let pairs: Vec<_> = impostor.chain((0..20).map(|_| pair(0.3, true))).collect();
        let about: About = Calibration::embedded(Looks::Two).unwrap().about().clone();
        let options = CalibrationOptions { fmr: 0.05, ..CalibrationOptions::default() };
        Calibration::fit(&Distances::listed(&pairs).unwrap(), about, options).unwrap()
    }

    #[test]
    fn a_small_calibration_gives_the_strictest_threshold_it_can() {
        let calibration = Arc::new(small_calibration());
        let of = |options| IdentificationPolicy::new(Some(Arc::clone(&calibration)), &options);
        let small = of(IdentificationOptions::default()).unwrap();
        let strictest = calibration.at_fmr(0.03).unwrap().threshold;
        let single = small.verification().threshold();
        assert!(strictest < single, "{strictest} {single}");
        // Not even one person can be searched for at 1 stranger in 100.
        assert!(calibration.for_gallery(1, USUAL_FPIR).is_err());
        for faces in [0, 1, 10, 1_000] {
            assert_eq!(among(&small, faces).threshold, strictest, "{faces}");
        }
        let fpir = among(&small, 10).fpir.unwrap().value;
        assert!((fpir - gallery_fpir(0.03, 10)).abs() < 1e-9, "{fpir}");
        // A rate that they support for one face, but not for two.
        let open = of(IdentificationOptions { fpir: Some(0.05), threshold: None }).unwrap();
        assert_eq!(among(&open, 1).threshold, single);
        assert_eq!(among(&open, 2).threshold, strictest);
    }

    #[test]
    fn only_a_gallery_that_is_too_large_gets_the_strictest_threshold() {
        let calibration = small_calibration();
        assert_eq!(in_gallery(&calibration, 1_000, 0.01).unwrap(), calibration.strictest());
        for rate in [0.0, f64::NAN, 1.5] {
            let refused = in_gallery(&calibration, 1_000, rate);
            assert!(matches!(refused, Err(CalibrationError::Rate { .. })), "{rate}: {refused:?}");
        }
    }

    #[test]
    fn options_that_are_chosen_hold() {
        let threshold = Threshold::new(0.7).unwrap();
        let fixed = IdentificationOptions { threshold: Some(threshold), fpir: None };
        assert_eq!(among(&policy(fixed).unwrap(), 5_000).threshold, threshold);
        let open = IdentificationOptions { fpir: Some(0.1), threshold: None };
        let open = policy(open).unwrap();
        // A claim is one comparison, whatever a crowd may do.
        assert_eq!(open.verification().threshold(), Threshold::DEFAULT);
        let of = |faces| among(&open, faces).threshold.distance();
        assert!(of(1) > 0.75 && of(100) >= 0.617);
        for fpir in [0.0, -1.0, 2.0, f64::NAN, 1e-9] {
            let none = IdentificationOptions { fpir: Some(fpir), threshold: None };
            assert!(policy(none).is_err(), "{fpir}");
        }
    }

    #[test]
    fn without_a_calibration_nothing_is_known_and_no_rate_can_be_asked_for() {
        let usual = IdentificationPolicy::new(None, &IdentificationOptions::default()).unwrap();
        let many = usual.among(500, 1_000).unwrap();
        assert_eq!((many.threshold, many.fpir), (Threshold::NOTEBOOK, None));
        assert!(usual.extrapolates(1_000).is_none());
        let rate = IdentificationOptions { fpir: Some(0.01), threshold: None };
        let refused = IdentificationPolicy::new(None, &rate);
        assert!(matches!(refused, Err(PolicyError::NoCalibration)));
    }

    #[test]
    fn people_who_look_alike_are_noticed() {
        use facenet::gallery::PersonName;
        use facenet::matching::Encoding;
        use tensor::Random;

        let usual = policy(IdentificationOptions::default()).unwrap();
        let people = |count: usize, alike: f64| {
            let mut random = Random::new(0xa11e);
            let mut gallery = Gallery::new();
            for person in 0..count {
                let mut values: Vec<f64> = (0..128).map(|_| random.normal()).collect();
                values[0] += alike;
                let length = values.iter().map(|v| v * v).sum::<f64>().sqrt();
                let unit = values.iter().map(|v| (v / length) as f32);
                let name = PersonName::new(&format!("person {person}")).unwrap();
                gallery.insert(name, &[Encoding::new(unit).unwrap()]).unwrap();
            }
            gallery
        };
        let of = |gallery: &Gallery| usual.resemblance(gallery).unwrap();
        assert_eq!(of(&people(50, 0.0)), Resemblance::Usual);
        let Resemblance::Closer { pairs, near, expected } = of(&people(50, 22.0)) else {
            panic!("they look alike");
        };
        assert_eq!(pairs, 1225);
        assert!(near > 100 && (expected - 12.25).abs() < 1e-9, "{near} {expected}");
        // Too few to tell.
        assert_eq!(of(&people(2, 22.0)), Resemblance::Usual);
        assert_eq!(of(&Gallery::new()), Resemblance::Usual);
        // A hundred pairs do not know the distance that one in a hundred is nearer than.
        let small = Some(Arc::new(small_calibration()));
        let small = IdentificationPolicy::new(small, &IdentificationOptions::default()).unwrap();
        let none = IdentificationPolicy::new(None, &IdentificationOptions::default()).unwrap();
        for unknown in [small, none] {
            let found = unknown.resemblance(&people(50, 22.0)).unwrap();
            assert_eq!(found, Resemblance::Unknown);
        }
    }

    #[test]
    fn the_threshold_is_a_number_in_json() {
        let usual = policy(IdentificationOptions::default()).unwrap();
        let json = serde_json::to_value(usual.among(1, 2).unwrap()).unwrap();
        assert_eq!((&json["people"], &json["faces"]), (&1.into(), &2.into()));
        assert!((json["threshold"].as_f64().unwrap() - 0.617).abs() < 1e-6, "{json}");
    }
}
