//! What a distance means to the user: the threshold in force, the errors that it
//! makes, and how probable one person is.

use anyhow::{Context, Result, bail};
use facenet::calibration::{Calibration, CalibrationError, ErrorRate, Probability, gallery_fpir};
use facenet::matching::Threshold;
use serde::Serialize;

use crate::arguments::{Acceptance, ModelChoice};
use crate::face_reader::weights;
use crate::output::{Output, escaped, line, note};

/// What to do where there is no calibration.
pub(crate) const CALIBRATE: &str = "make a calibration with `facenet calibrate` and pass it with \
                                    --calibration FILE";

/// The threshold in force and what is known of it.
pub(crate) struct Decision {
    threshold: Threshold,
    known: Option<Known>,
}

/// How many faces there were to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Compared {
    /// Pairs of a probe's face and a reference, of which the nearest counts.
    pub(crate) faces: usize,
    /// Photos that the reference is the mean of.
    pub(crate) photos: usize,
}

impl Compared {
    /// One face with one face.
    pub(crate) const ONE: Self = Self { faces: 1, photos: 1 };
}

/// What a calibration says.
struct Known {
    calibration: Calibration,
    prior: f64,
}

/// The part of `--json` that says what a distance means; null where there is no
/// calibration.
#[derive(Default, Serialize)]
pub(crate) struct Meaning {
    /// False match rate of the threshold, in one comparison.
    fmr: Option<ErrorRate>,
    /// False non-match rate of the threshold.
    fnmr: Option<ErrorRate>,
    /// That it is one person.
    probability: Option<Probability>,
    /// What it was before the comparison.
    prior: Option<f64>,
    /// What the three rest on.
    calibration: Option<Basis>,
}

/// A calibration in a few words.
#[derive(Serialize)]
struct Basis {
    data: String,
    created: String,
    genuine: u64,
    impostor: u64,
}

impl Decision {
    /// The user's threshold, or the calibration's.
    ///
    /// # Errors
    /// When the calibration cannot be used or was made with another model; when it
    /// does not support the false match rate asked for, or there is none to ask.
    pub(crate) fn new(acceptance: &Acceptance, model: &ModelChoice) -> Result<Self> {
        let Some(calibration) = calibration(acceptance, model)? else {
            return Self::uncalibrated(acceptance);
        };
        let threshold = match acceptance.threshold {
            Some(threshold) => threshold,
            None => {
                let fmr = acceptance.fmr.unwrap_or(calibration.options().fmr);
                calibration.at_fmr(fmr)?.threshold
            }
        };
        let prior = acceptance.prior.unwrap_or(calibration.options().prior);
        // A prior that is none shows before any photo is read.
        calibration.probability(0.0, prior)?;
        Ok(Self { threshold, known: Some(Known { calibration, prior }) })
    }

    fn uncalibrated(acceptance: &Acceptance) -> Result<Self> {
        if acceptance.fmr.is_some() || acceptance.prior.is_some() {
            bail!("there is no calibration for these weights: {CALIBRATE}");
        }
        let threshold = acceptance.threshold.unwrap_or_else(|| {
            let notebook = Threshold::NOTEBOOK;
            note(format_args!(
                "there is no calibration for these weights: the threshold is the notebook's, \
                 {notebook}, and its error rates are unknown; {CALIBRATE}"
            ));
            notebook
        });
        Ok(Self { threshold, known: None })
    }

    /// Accepts distances below it.
    pub(crate) fn threshold(&self) -> Threshold {
        self.threshold
    }

    /// What is known, if it is.
    pub(crate) fn calibration(&self) -> Option<&Calibration> {
        self.known.as_ref().map(|known| &known.calibration)
    }

    /// What is known of `distance`, for JSON.
    pub(crate) fn meaning(&self, distance: f32) -> Result<Meaning> {
        let Some(Known { calibration, prior }) = &self.known else {
            return Ok(Meaning::default());
        };
        let [fmr, fnmr] = calibration.rates(self.threshold);
        let [genuine, impostor] = calibration.pairs();
        let about = calibration.about();
        let (data, created) = (about.data.clone(), about.created.clone());
        Ok(Meaning {
            fmr: Some(fmr),
            fnmr: Some(fnmr),
            probability: Some(calibration.probability(distance, *prior)?),
            prior: Some(*prior),
            calibration: Some(Basis { data, created, genuine, impostor }),
        })
    }

    /// The probability in a line of text, if it is known.
    pub(crate) fn print_probability(&self, distance: f32, output: &mut Output) -> Result<()> {
        let Some(Known { calibration, prior }) = &self.known else { return Ok(()) };
        let Probability { value, low, high } = calibration.probability(distance, *prior)?;
        let ([value, low, high], prior) = ([value, low, high].map(percent), chosen(*prior));
        line!(
            output,
            "probability {value} [{low} to {high}] that this is one person, if it was {prior} before"
        )?;
        Ok(())
    }

    /// `, probability 99.4 %`, if it is known.
    pub(crate) fn short_probability(&self, distance: f32) -> Result<String> {
        let Some(Known { calibration, prior }) = &self.known else { return Ok(String::new()) };
        Ok(format!(", probability {}", percent(calibration.probability(distance, *prior)?.value)))
    }

    /// What the threshold does, in text, if it is known: in one comparison, and in those
    /// that were made.
    pub(crate) fn print_rates(&self, compared: Compared, output: &mut Output) -> Result<()> {
        let Some(Known { calibration, .. }) = &self.known else { return Ok(()) };
        let [fmr, fnmr] = calibration.rates(self.threshold);
        let [genuine, impostor] = calibration.pairs();
        let (threshold, data) = (self.threshold, escaped(&calibration.about().data));
        let pairs = grouped(genuine + impostor);
        line!(output, "threshold {threshold} on {data}, {pairs} pairs:")?;
        line!(output, "  takes {} of strangers for the person (FMR)", with_interval(fmr))?;
        line!(output, "  misses the person in {} of comparisons (FNMR)", with_interval(fnmr))?;
        let up_to = |comparisons| percent(gallery_fpir(fmr.value, comparisons));
        match compared {
            Compared { faces: 1, photos: 1 } => {}
            Compared { faces, photos: 1 } => {
                let up_to = up_to(faces);
                line!(
                    output,
                    "  of {faces} pairs of faces the nearest counts: takes up to {up_to}"
                )?;
            }
            Compared { faces, photos } => {
                let up_to = up_to(faces * photos);
                line!(
                    output,
                    "  with the mean of {photos} photos: takes up to {up_to}, and misses fewer"
                )?;
            }
        }
        Ok(())
    }
}

/// The calibration to use, if there is one for the model.
fn calibration(acceptance: &Acceptance, model: &ModelChoice) -> Result<Option<Calibration>> {
    let embedded = Calibration::embedded()?;
    let hash = weights_hash(model)?;
    let variant = model.variant.name();
    let Some(path) = &acceptance.calibration else {
        return Ok(embedded.check_model(variant, &hash).is_ok().then_some(embedded));
    };
    let calibration = Calibration::read(path)?;
    calibration
        .check_model(variant, &hash)
        .map_err(with_way_out)
        .with_context(|| escaped(&path.display().to_string()))?;
    Ok(Some(calibration))
}

/// The hash of the weights in use.
pub(crate) fn weights_hash(model: &ModelChoice) -> Result<String> {
    match &model.weights {
        // A test holds that the two belong together; hashing takes longer than the
        // network.
        None => Ok(Calibration::embedded()?.about().weights_sha256.clone()),
        Some(_) => Ok(weights(model)?.hash()),
    }
}

fn with_way_out(error: CalibrationError) -> anyhow::Error {
    anyhow::anyhow!(
        "{error}; make one for the model in use with `facenet calibrate`, or choose the model \
         it was made with by --weights and --variant"
    )
}

/// A rate and its interval for people.
pub(crate) fn with_interval(rate: ErrorRate) -> String {
    let [value, low, high] = [rate.value, rate.low, rate.high].map(percent);
    format!("{value} [{low} to {high}]")
}

/// A share that somebody chose, in percent, without digits that say nothing.
pub(crate) fn chosen(share: f64) -> String {
    let text = format!("{:.6}", 100.0 * share);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

/// A count with its thousands apart.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A share in percent, with as many digits as tell it from none and from all.
pub(crate) fn percent(share: f64) -> String {
    let distance = share.min(1.0 - share);
    let digits = match 100.0 * distance {
        _ if share <= 0.0 || share >= 1.0 => 0,
        d if d >= 1.0 => 1,
        d if d >= 0.1 => 2,
        d if d >= 0.01 => 3,
        d => (1.0 - d.log10()).ceil().clamp(3.0, 9.0) as usize,
    };
    format!("{:.digits$} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::{chosen, grouped, percent};

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1000, 29_648_850].map(grouped), ["0", "999", "1,000", "29,648,850"]);
    }

    #[test]
    fn chosen_shares_are_as_chosen() {
        let texts = [0.5, 0.1, 0.007, 1e-4].map(chosen);
        assert_eq!(texts, ["50 %", "10 %", "0.7 %", "0.01 %"]);
    }

    #[test]
    fn small_shares_are_told_from_none() {
        for (share, text) in [
            (0.0, "0 %"),
            (1.0, "100 %"),
            (0.357, "35.7 %"),
            (0.000_986, "0.099 %"),
            (0.999_2, "99.920 %"),
            (1.23e-6, "0.00012 %"),
        ] {
            assert_eq!(percent(share), text);
        }
    }
}
