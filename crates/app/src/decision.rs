//! Threshold policies from the user's options, and their error rates as text.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use biometrics::calibration::{Calibration, CalibrationError, Probability, gallery_fpir};
use biometrics::policy::{
    Answer, GalleryThreshold, IdentificationOptions, IdentificationPolicy, PolicyError,
    Resemblance, VerificationOptions, VerificationPolicy,
};
use biometrics::{Error, LoadedModel, RateEstimate};
use facenet::gallery::Gallery;

use crate::arguments::{Acceptance, Admission};
use crate::output::{Output, escaped, line, note};
use crate::text::{chosen, counted, counted_people, grouped, percent, with_interval};

/// The hint of errors about a missing calibration.
const CALIBRATE: &str = "make a calibration with `facenet calibrate` and pass it with \
                         --calibration FILE";

/// The number of comparisons behind one answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComparisonCount {
    /// Pairs of a probe's face and a reference; the nearest decides.
    pub(crate) faces: usize,
    /// Photos whose mean is the reference.
    pub(crate) photos: usize,
}

impl ComparisonCount {
    /// One face against one face.
    pub(crate) const ONE: Self = Self { faces: 1, photos: 1 };
}

/// The policy for one comparison: the user's threshold, or the calibration's.
///
/// # Errors
/// When the calibration cannot be used or was made with another model, or when a false match
/// rate is given that the calibration does not support, or without a calibration.
pub(crate) fn verification(
    acceptance: &Acceptance,
    model: &LoadedModel,
) -> Result<VerificationPolicy> {
    let &Acceptance { threshold, fmr, calibration: ref file, prior } = acceptance;
    let options = VerificationOptions { threshold, fmr, prior };
    let calibration = calibration(file.as_deref(), model)?;
    let policy = VerificationPolicy::new(calibration, &options).map_err(|error| match error {
        PolicyError::NoCalibration => anyhow!("{error}: {CALIBRATE}"),
        error => error.into(),
    })?;
    note_uncalibrated(&policy, threshold.is_some());
    Ok(policy)
}

/// The policy for one face among many people: the user's threshold or rate, or the defaults.
///
/// # Errors
/// As [`verification`]; and when a false positive rate is given that the calibration does not
/// support even for one person, or without a calibration.
pub(crate) fn identification(
    admission: &Admission,
    model: &LoadedModel,
) -> Result<IdentificationPolicy> {
    let &Admission { threshold, fpir, calibration: ref file } = admission;
    let options = IdentificationOptions { threshold, fpir };
    let calibration = calibration(file.as_deref(), model)?;
    let policy = IdentificationPolicy::new(calibration, &options).map_err(|error| match error {
        PolicyError::NoCalibration => {
            anyhow!("--fpir needs a calibration for these weights: {CALIBRATE}")
        }
        error => error.into(),
    })?;
    note_uncalibrated(policy.verification(), threshold.is_some());
    Ok(policy)
}

fn note_uncalibrated(policy: &VerificationPolicy, is_chosen: bool) {
    if policy.calibration().is_none() && !is_chosen {
        note(format_args!(
            "there is no calibration for these weights: the threshold is the notebook's, {}, \
             and its error rates are unknown; {CALIBRATE}",
            policy.threshold()
        ));
    }
}

/// The calibration in the user's file, or the model's own, if it has one.
fn calibration(file: Option<&Path>, model: &LoadedModel) -> Result<Option<Arc<Calibration>>> {
    let Some(file) = file else { return Ok(model.calibration().cloned()) };
    let calibration = model.read_calibration(file).map_err(|error| match error {
        Error::Calibration(error @ CalibrationError::OtherModel { .. }) => anyhow!(
            "{error}; make one for the model in use with `facenet calibrate`, or choose the \
             model it was made with by --weights and --variant"
        )
        .context(escaped(&file.display().to_string())),
        error => error.into(),
    })?;
    Ok(Some(calibration))
}

/// Warns when the gallery is larger than the calibration supports.
pub(crate) fn warn_if_extrapolating(policy: &IdentificationPolicy, faces: usize) {
    if let Some(error) = policy.extrapolates(faces) {
        note(format_args!("{error}; the strictest supported threshold applies"));
    }
}

/// Prints the probability that both faces belong to one person, if it is known, and on what
/// it rests. It is withheld of faces that can be seen less well than those that were measured.
pub(crate) fn print_probability(
    policy: &VerificationPolicy,
    distance: f32,
    is_outside: bool,
    output: &mut Output,
) -> Result<()> {
    let Some((calibration, prior)) = policy.calibration().zip(policy.prior()) else {
        return Ok(());
    };
    let data = escaped(&calibration.about().data);
    if is_outside {
        line!(output, "probability not known: a face can be seen less well than those of {data}")?;
        return Ok(());
    }
    let Some(Probability { value, low, high }) = policy.probability(distance)? else {
        return Ok(());
    };
    let ([value, low, high], prior) = ([value, low, high].map(percent), chosen(prior));
    line!(
        output,
        "probability {value} [{low} to {high}] that this is one person, with a prior of {prior}, \
         if they look no more alike than people of {data} do"
    )?;
    if policy.answer(distance)? == Answer::Uncertain {
        line!(
            output,
            "uncertain: the threshold answers whether few strangers pass, the probability which of \
             the two is likelier, and here they disagree"
        )?;
    }
    Ok(())
}

/// `, probability 99.4 %`, if it is known.
pub(crate) fn short_probability(policy: &VerificationPolicy, distance: f32) -> Result<String> {
    let probability = policy.probability(distance)?;
    Ok(probability.map_or_else(String::new, |p| format!(", probability {}", percent(p.value))))
}

/// The false match rate of the nearest of so many pairs of faces, if they were independent.
pub(crate) fn nearest_rate(fmr: RateEstimate, pairs: usize) -> RateEstimate {
    let of = |rate| gallery_fpir(rate, pairs);
    RateEstimate { value: of(fmr.value), low: of(fmr.low), high: of(fmr.high) }
}

/// Prints the error rates of the threshold, if they are known: for one comparison, and for
/// the comparisons that were made.
pub(crate) fn print_rates(
    policy: &VerificationPolicy,
    compared: ComparisonCount,
    output: &mut Output,
) -> Result<()> {
    let Some(calibration) = policy.calibration() else { return Ok(()) };
    let threshold = policy.threshold();
    let [fmr, fnmr] = calibration.rates(threshold);
    let [genuine, impostor] = calibration.pairs();
    let data = escaped(&calibration.about().data);
    let pairs = grouped(genuine + impostor);
    line!(output, "threshold {threshold}, measured on {data}, {pairs} pairs:")?;
    line!(output, "  accepts {} of strangers (FMR)", with_interval(fmr))?;
    line!(output, "  rejects the person in {} of comparisons (FNMR)", with_interval(fnmr))?;
    let about = |comparisons| percent(nearest_rate(fmr, comparisons).value);
    match compared {
        ComparisonCount { faces: 1, photos: 1 } => {}
        ComparisonCount { faces, photos: 1 } => {
            let about = about(faces);
            line!(
                output,
                "  the nearest of {faces} pairs of faces decides: accepts about {about} of strangers"
            )?;
        }
        ComparisonCount { faces, photos } => {
            let about = about(faces * photos);
            line!(
                output,
                "  with the mean of {photos} photos: not measured; accepts about {about} of strangers \
                 if each photo counts as a comparison, and rejects the person less often"
            )?;
        }
    }
    line!(
        output,
        "  not measured on people who look alike, of whom more are accepted: relatives, or strangers \
         of one sex, age and origin"
    )?;
    Ok(())
}

/// The rate of strangers that a gallery's threshold accepts, withheld where its people look
/// more alike than those that were measured, or where that is not known; that is said once, on
/// stderr.
pub(crate) fn with_known_rate(
    threshold: GalleryThreshold,
    policy: &IdentificationPolicy,
    gallery: &Gallery,
) -> Result<GalleryThreshold> {
    match policy.resemblance(gallery)? {
        Resemblance::Usual => return Ok(threshold),
        Resemblance::Closer { pairs, near, expected } => note(format_args!(
            "the people of the gallery look more alike than those that the rates were measured on: \
             {near} of {pairs} pairs are near, {expected:.0} would be; how many strangers are accepted \
             is not known"
        )),
        // Without a calibration there is no rate to withhold.
        Resemblance::Unknown if threshold.fpir.is_some() => note(format_args!(
            "the calibration has too few pairs of two people to tell whether those of the gallery look \
             more alike; how many strangers are accepted is not known"
        )),
        Resemblance::Unknown => {}
    }
    Ok(GalleryThreshold { fpir: None, ..threshold })
}

/// Prints the threshold of a search among many people.
pub(crate) fn print_gallery_threshold(
    gallery: &GalleryThreshold,
    policy: &IdentificationPolicy,
    output: &mut Output,
) -> Result<()> {
    let GalleryThreshold { threshold, people, faces, fpir } = gallery;
    match (fpir, policy.verification().calibration()) {
        (Some(fpir), Some(calibration)) if *people > 0 => {
            let (people, photos) = (counted_people(*people), counted(*faces, "photo"));
            let (strangers, data) = (percent(fpir.value), escaped(&calibration.about().data));
            line!(
                output,
                "threshold {threshold} for {people}, {photos}: accepts about {strangers} of strangers \
                 (FPIR), if they look no more alike than people of {data} do"
            )?;
        }
        _ => line!(output, "threshold {threshold}")?,
    }
    Ok(())
}
