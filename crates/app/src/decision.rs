//! Which policy the user's options ask for, and what it says, in words.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use biometrics::calibration::{Calibration, CalibrationError, Probability, gallery_fpir};
use biometrics::policy::{
    GalleryThreshold, IdentificationOptions, IdentificationPolicy, PolicyError,
    VerificationOptions, VerificationPolicy,
};
use biometrics::{Error, LoadedModel};

use crate::arguments::{Acceptance, Admission};
use crate::output::{Output, escaped, line, note};
use crate::text::{chosen, counted, counted_people, grouped, percent, with_interval};

/// What to do where there is no calibration.
const CALIBRATE: &str = "make a calibration with `facenet calibrate` and pass it with \
                         --calibration FILE";

/// How many faces there were to compare.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ComparisonCount {
    /// Pairs of a probe's face and a reference, of which the nearest counts.
    pub(crate) faces: usize,
    /// Photos that the reference is the mean of.
    pub(crate) photos: usize,
}

impl ComparisonCount {
    /// One face with one face.
    pub(crate) const ONE: Self = Self { faces: 1, photos: 1 };
}

/// The policy for one comparison: the user's threshold, or the calibration's.
///
/// # Errors
/// When the calibration cannot be used or was made with another model; when it does not
/// support the false match rate asked for, or there is none to ask.
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

/// The policy for one face among many people: the user's threshold or rate, or the usual
/// ones.
///
/// # Errors
/// As [`verification`]; when the calibration does not support the false positive rate asked
/// for even for one person, or there is none to ask.
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

/// The calibration to use, if there is one for the model.
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

/// Warns where the gallery is larger than the calibration can speak for.
pub(crate) fn warn_if_extrapolating(policy: &IdentificationPolicy, faces: usize) {
    if let Some(error) = policy.extrapolates(faces) {
        note(format_args!("{error}; the strictest threshold of theirs is in force"));
    }
}

/// The probability of one person in a line of text, if it is known.
pub(crate) fn print_probability(
    policy: &VerificationPolicy,
    distance: f32,
    output: &mut Output,
) -> Result<()> {
    let (Some(probability), Some(prior)) = (policy.probability(distance)?, policy.prior()) else {
        return Ok(());
    };
    let Probability { value, low, high } = probability;
    let ([value, low, high], prior) = ([value, low, high].map(percent), chosen(prior));
    line!(
        output,
        "probability {value} [{low} to {high}] that this is one person, if it was {prior} before"
    )?;
    Ok(())
}

/// `, probability 99.4 %`, if it is known.
pub(crate) fn short_probability(policy: &VerificationPolicy, distance: f32) -> Result<String> {
    let probability = policy.probability(distance)?;
    Ok(probability.map_or_else(String::new, |p| format!(", probability {}", percent(p.value))))
}

/// What the threshold does, in text, if it is known: in one comparison, and in those that
/// were made.
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
    line!(output, "threshold {threshold} on {data}, {pairs} pairs:")?;
    line!(output, "  takes {} of strangers for the person (FMR)", with_interval(fmr))?;
    line!(output, "  misses the person in {} of comparisons (FNMR)", with_interval(fnmr))?;
    let up_to = |comparisons| percent(gallery_fpir(fmr.value, comparisons));
    match compared {
        ComparisonCount { faces: 1, photos: 1 } => {}
        ComparisonCount { faces, photos: 1 } => {
            let up_to = up_to(faces);
            line!(output, "  of {faces} pairs of faces the nearest counts: takes up to {up_to}")?;
        }
        ComparisonCount { faces, photos } => {
            let up_to = up_to(faces * photos);
            line!(
                output,
                "  with the mean of {photos} photos: takes up to {up_to}, and misses fewer"
            )?;
        }
    }
    Ok(())
}

/// The threshold among many people in a line of text.
pub(crate) fn print_gallery_threshold(
    gallery: &GalleryThreshold,
    output: &mut Output,
) -> Result<()> {
    let GalleryThreshold { threshold, people, faces, fpir } = gallery;
    match fpir {
        Some(fpir) if *people > 0 => {
            let (people, photos) = (counted_people(*people), counted(*faces, "photo"));
            let strangers = percent(fpir.value);
            line!(
                output,
                "threshold {threshold} for {people}, {photos}: at most {strangers} of strangers \
                 are taken for somebody (FPIR)"
            )?;
        }
        _ => line!(output, "threshold {threshold}")?,
    }
    Ok(())
}
