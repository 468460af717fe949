//! The table of `--robustness`: the same pairs in bad conditions, of one photo and of both.

use anyhow::Result;
use biometrics::evaluation::{Comparison, KFold, Rate, Roc};
use facenet::matching::{Encoding, Threshold};
use faces::{BATCH, FaceCrop, FaceLocator, FacePipeline};
use ndarray::Array3;
use rayon::prelude::*;
use serde::Serialize;
use training::dataset::Pairs;

use super::degradation::{ALL, Degradation};
use crate::labeled_photos::LabeledPhotos;
use crate::progress;

/// Error rates in bad conditions, at one threshold.
#[derive(Serialize)]
pub(super) struct Robustness {
    /// Accepts distances below it.
    pub(super) threshold: f32,
    /// The unchanged pairs first.
    pub(super) rows: Vec<Condition>,
}

/// One condition of one photo or both.
#[derive(Serialize)]
pub(super) struct Condition {
    /// The change to the face crop.
    pub(super) condition: String,
    /// How many photos of a pair are in it: 1 or 2.
    pub(super) photos: u8,
    /// False match rate at the threshold.
    pub(super) fmr: Rate,
    /// False non-match rate at the threshold.
    pub(super) fnmr: Rate,
    /// Accuracy over the folds, each with the threshold that is best for the others.
    pub(super) accuracy: f64,
}

/// Measures every condition. A pair of which a photo has no usable face is left out: it would
/// be so in every condition.
pub(super) fn measure(
    pairs: &Pairs,
    photos: &LabeledPhotos,
    pipeline: &FacePipeline,
    locator: &FaceLocator,
    threshold: Threshold,
) -> Result<Robustness> {
    let crops = photos.crops(locator).results;
    let usual = encodings(&crops, Degradation::None, pipeline)?;
    let mut rows = Vec::new();
    for condition in ALL {
        if condition == Degradation::None {
            rows.push(row(pairs, photos, [&usual, &usual], condition, 2, threshold)?);
            continue;
        }
        let changed = encodings(&crops, condition, pipeline)?;
        rows.push(row(pairs, photos, [&usual, &changed], condition, 1, threshold)?);
        rows.push(row(pairs, photos, [&changed, &changed], condition, 2, threshold)?);
    }
    Ok(Robustness { threshold: threshold.distance(), rows })
}

fn row(
    pairs: &Pairs,
    photos: &LabeledPhotos,
    [first, second]: [&[Option<Encoding>]; 2],
    condition: Degradation,
    count: u8,
    threshold: Threshold,
) -> Result<Condition> {
    let compared = pairs.pairs.iter().filter_map(|pair| {
        let [a, b] = [(&pair.a, first), (&pair.b, second)]
            .map(|(name, faces)| photos.index_of(name).and_then(|i| faces[i].as_ref()));
        let distance = Some(f64::from(a?.distance(b?)));
        Some(Comparison { distance, same: pair.same, fold: pair.fold })
    });
    let compared: Vec<_> = compared.collect();
    let roc = Roc::new(&compared)?;
    let threshold = f64::from(threshold.distance());
    Ok(Condition {
        condition: condition.name(),
        photos: count,
        fmr: roc.fmr(threshold),
        fnmr: roc.fnmr(threshold),
        accuracy: KFold::measure(&compared)?.accuracy(),
    })
}

fn encodings(
    crops: &[Option<Array3<u8>>],
    condition: Degradation,
    pipeline: &FacePipeline,
) -> Result<Vec<Option<Encoding>>> {
    let bar = progress::bar(crops.len(), "measuring bad conditions");
    let mut encodings = Vec::with_capacity(crops.len());
    for batch in crops.chunks(BATCH) {
        let crop = |crop: &Option<Array3<u8>>| -> Option<Result<FaceCrop>> {
            let changed = condition.apply(crop.as_ref()?);
            Some(changed.map(|changed| FaceCrop {
                pixels: changed.mapv(|value| f32::from(value) / 255.0),
                detected: None,
            }))
        };
        let changed: Vec<_> = batch.par_iter().map(crop).collect();
        let present: Vec<_> = changed.iter().map(Option::is_some).collect();
        let crops = changed.into_iter().flatten().collect::<Result<Vec<_>>>()?;
        let mut faces = pipeline.encode_crops(crops)?.into_iter();
        for is_present in present {
            encodings.push(if is_present { faces.next().map(|face| face.encoding) } else { None });
        }
        bar.inc(batch.len() as u64);
    }
    bar.finish_and_clear();
    Ok(encodings)
}
