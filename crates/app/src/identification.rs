//! One face against many people: below which distance is it the nearest one's?
//!
//! A stranger who is compared with N photos has N chances to be taken for somebody, so
//! one threshold cannot serve all galleries. (Compared with the means of N photos, they have
//! about half as many on LFW: the threshold errs on the safe side.) There are two rules, and
//! each comparison of faces in this program follows one of them:
//!
//! | compared | rule | where |
//! | --- | --- | --- |
//! | one face with one person or face | [`Decision`]: a false match rate, 1 in 1,000 | `verify`, `/v1/verify`, `enroll` on a photo unlike the person's others |
//! | one face with everybody | [`Identification`]: that threshold, and a stricter one where it would take more than 1 stranger in 100 for somebody | `recognize`, `watch`, `/v1/recognize`, the page, `enroll` on somebody who looks like another |
//!
//! `cluster` groups faces and lets nobody in: it takes the threshold of one comparison,
//! which `docs/calibration.md` shows to be the better one for groups.

use anyhow::{Result, bail};
use facenet::calibration::{Calibration, ErrorRate, GalleryPoint, gallery_fpir};
use facenet::matching::Threshold;
use serde::Serialize;

use crate::arguments::{Acceptance, Admission, ModelChoice};
use crate::commands::enroll::{counted, counted_people};
use crate::decision::{CALIBRATE, Decision, percent};
use crate::output::{Output, line, note};

/// How many strangers may be taken for somebody, unless the user says otherwise.
const FPIR: f64 = 0.01;

/// How a face is told to be one of many people's.
pub(crate) struct Identification {
    decision: Decision,
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
pub(crate) struct Among {
    pub(crate) threshold: f32,
    /// How many the face was compared with.
    pub(crate) people: usize,
    /// How many photos of theirs.
    pub(crate) faces: usize,
    /// How many of the strangers are taken for somebody, at most; null without a
    /// calibration.
    pub(crate) fpir: Option<ErrorRate>,
}

impl Identification {
    /// The user's threshold or rate, or the usual ones.
    ///
    /// # Errors
    /// As [`Decision::new`]; when the calibration does not support the false positive
    /// rate asked for even for one person, or there is none to ask.
    pub(crate) fn new(arguments: &Admission, model: &ModelChoice) -> Result<Self> {
        let Admission { threshold, fpir, calibration } = arguments;
        let (threshold, calibration) = (*threshold, calibration.clone());
        let acceptance = Acceptance { threshold, calibration, ..Acceptance::default() };
        let decision = Decision::new(&acceptance, model)?;
        if let Some(fpir) = fpir {
            let Some(calibration) = decision.calibration() else {
                bail!("--fpir needs a calibration for these weights: {CALIBRATE}")
            };
            calibration.for_gallery(1, *fpir)?;
        }
        let rule = match (threshold, fpir) {
            (Some(_), _) => Rule::Fixed,
            (None, Some(fpir)) => Rule::Share(*fpir),
            (None, None) => Rule::AtMost(FPIR),
        };
        Ok(Self { decision, rule })
    }

    /// For one comparison.
    pub(crate) fn decision(&self) -> &Decision {
        &self.decision
    }

    /// For a probe that is compared with these people, of whom there are so many photos.
    pub(crate) fn among(&self, people: usize, faces: usize) -> Among {
        Among { people, ..self.among_faces(faces) }
    }

    /// For a probe that is compared with so many photos, or with means of them.
    fn among_faces(&self, faces: usize) -> Among {
        let single = self.decision.threshold();
        let Some(calibration) = self.decision.calibration() else {
            return Among { threshold: single.distance(), people: faces, faces, fpir: None };
        };
        let threshold = match self.rule {
            Rule::Fixed => single,
            Rule::AtMost(fpir) => strictest(single, in_gallery(calibration, faces, fpir)),
            Rule::Share(fpir) => in_gallery(calibration, faces, fpir),
        };
        let [fmr, _] = calibration.rates(threshold);
        let of = |rate| gallery_fpir(rate, faces);
        let fpir = ErrorRate { value: of(fmr.value), low: of(fmr.low), high: of(fmr.high) };
        Among { threshold: threshold.distance(), people: faces, faces, fpir: Some(fpir) }
    }

    /// A word about galleries that are larger than the calibration can speak for.
    pub(crate) fn tell_of_size(&self, faces: usize) {
        if let (Some(calibration), Rule::AtMost(fpir) | Rule::Share(fpir)) =
            (self.decision.calibration(), self.rule)
            && let Err(error) = calibration.for_gallery(faces.max(1), fpir)
        {
            note(format_args!("{error}; the strictest threshold of theirs is in force"));
        }
    }
}

impl Among {
    /// The threshold.
    pub(crate) fn threshold(&self) -> Threshold {
        Threshold::new(self.threshold).unwrap_or_default()
    }

    /// In a line of text.
    pub(crate) fn print(&self, output: &mut Output) -> Result<()> {
        let Self { threshold, people, faces, fpir } = self;
        match fpir {
            Some(fpir) if *people > 0 => {
                let (people, photos) = (counted_people(*people), counted(*faces, "photo"));
                let strangers = percent(fpir.value);
                line!(
                    output,
                    "threshold {threshold} for {people}, {photos}: at most {strangers} of \
                     strangers are taken for somebody (FPIR)"
                )?;
            }
            _ => line!(output, "threshold {threshold}")?,
        }
        Ok(())
    }
}

fn strictest(a: Threshold, b: Threshold) -> Threshold {
    if b < a { b } else { a }
}

/// The threshold at which a stranger is taken for the person of one of
/// `faces` with probability `fpir`, or the strictest that the calibration can tell of.
fn in_gallery(calibration: &Calibration, faces: usize, fpir: f64) -> Threshold {
    match calibration.for_gallery(faces.max(1), fpir) {
        Ok(GalleryPoint { threshold, .. }) => threshold,
        // More faces than its pairs of two people can speak for; fewer than 300 of these
        // pairs cannot even for one face and 1 stranger in 100.
        Err(_) => {
            let [_, impostor] = calibration.pairs();
            let strictest = calibration.at_fmr((3.0 / impostor as f64).min(1.0));
            // Three pairs are the least that a calibration is made of.
            strictest.map_or(Threshold::new(0.0).unwrap_or_default(), |point| point.threshold)
        }
    }
}

#[cfg(test)]
mod tests {
    use facenet::calibration::{About, CalibrationOptions, Distances};
    use facenet::evaluation::Comparison;
    use facenet::network::Variant;
    use tensor::inference::Precision;

    use super::*;

    fn identification(arguments: &Admission) -> Result<Identification> {
        let (variant, precision) = (Variant::HappyHouse, Precision::F32);
        Identification::new(arguments, &ModelChoice { weights: None, variant, precision })
    }

    #[test]
    fn a_crowd_has_a_stricter_threshold_and_a_few_people_that_of_one() {
        let usual = identification(&Admission::default()).unwrap();
        let of = |faces| usual.among_faces(faces).threshold;
        for faces in [0, 1, 10] {
            assert_eq!(of(faces), 0.643, "{faces}");
        }
        assert!(of(100) < of(11) && of(11) < 0.643 && of(10_000) < of(100));
        for faces in [1, 10, 11, 100, 99_299] {
            let fpir = usual.among_faces(faces).fpir.unwrap();
            assert!(fpir.value <= 0.01 * 1.001, "{faces}: {}", fpir.value);
        }
        // More than LFW can speak for: as strict as it goes, and the rate says so.
        assert_eq!(of(1_000_000), of(99_299));
        assert!(
            usual.among_faces(1_000_000).fpir.unwrap().value
                > usual.among_faces(99_299).fpir.unwrap().value
        );
    }

    /// A hundred pairs of two people, 0.005 apart from 1 on.
    fn small_calibration() -> Calibration {
        let pair = |distance, same| Comparison { distance: Some(distance), same, fold: 0 };
        let impostor = (0..100).map(|k| pair(1.0 + 0.005 * f64::from(k), false));
        let pairs: Vec<_> = impostor.chain((0..20).map(|_| pair(0.3, true))).collect();
        let about: About = Calibration::embedded().unwrap().about().clone();
        let options = CalibrationOptions { fmr: 0.05, ..CalibrationOptions::default() };
        Calibration::fit(&Distances::listed(&pairs).unwrap(), about, options).unwrap()
    }

    #[test]
    fn a_small_calibration_gives_the_strictest_threshold_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("small.json");
        let calibration = small_calibration();
        calibration.write(&file).unwrap();
        let arguments = Admission { calibration: Some(file), ..Admission::default() };
        let small = identification(&arguments).unwrap();
        let strictest = calibration.at_fmr(0.03).unwrap().threshold;
        let single = small.decision().threshold();
        assert!(strictest < single, "{strictest} {single}");
        // Not even one person can be searched for at 1 stranger in 100.
        assert!(calibration.for_gallery(1, FPIR).is_err());
        for faces in [0, 1, 10, 1_000] {
            let among = small.among_faces(faces);
            assert_eq!(among.threshold, strictest.distance(), "{faces}");
        }
        let fpir = small.among_faces(10).fpir.unwrap().value;
        assert!((fpir - gallery_fpir(0.03, 10)).abs() < 1e-9, "{fpir}");
        // A rate that they support for one face, but not for two.
        let open = Admission { fpir: Some(0.05), ..arguments };
        let open = identification(&open).unwrap();
        assert_eq!(open.among_faces(1).threshold, single.distance());
        assert_eq!(open.among_faces(2).threshold, strictest.distance());
    }

    #[test]
    fn who_chooses_gets_what_they_chose() {
        let threshold = Threshold::new(0.7).unwrap();
        let fixed = Admission { threshold: Some(threshold), ..Admission::default() };
        assert_eq!(identification(&fixed).unwrap().among_faces(5_000).threshold, 0.7);
        let open = Admission { fpir: Some(0.1), ..Admission::default() };
        let open = identification(&open).unwrap();
        // A claim is one comparison, whatever a crowd may do.
        assert_eq!(open.decision().threshold(), Threshold::DEFAULT);
        assert!(open.among_faces(1).threshold > 0.85 && open.among_faces(100).threshold > 0.643);
        for fpir in [0.0, -1.0, 2.0, f64::NAN, 1e-9] {
            let none = Admission { fpir: Some(fpir), ..Admission::default() };
            assert!(identification(&none).is_err(), "{fpir}");
        }
    }
}
