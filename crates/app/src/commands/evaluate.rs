//! `facenet evaluate`: measures recognition accuracy on labeled pairs.
//!
//! Every photo that a pair names is read and encoded once. Then the pairs are compared, and
//! galleries are drawn at random from the photos whose people are known. A photo without a
//! usable face is a failure: it is reported and counts as a wrong answer.

mod degradation;
mod figures;
mod groups;
mod markdown;
mod page;
mod report;
mod robustness;
mod tables;
mod text;
mod thumbnails;

use std::num::NonZeroUsize;

use anyhow::{Result, anyhow};
use biometrics::evaluation::{Comparison, TarAtFmr, pixels};
use facenet::matching::{Encoding, Threshold};
use faces::FaceLocator;
use figures::{Figures, Identification, Origin, Tables};
use groups::Labels;
use ndarray::Array3;
use serde_json::{Map, Value, json};
use training::dataset::Pairs;

use crate::ExitStatus;
use crate::arguments::{Evaluate, Method};
use crate::face_reader::{load, pipeline};
use crate::labeled_photos::{Failure, LabeledPhotos, name_of};
use crate::output::Output;

/// Most folds that a list without folds is split into.
const FOLDS: usize = 10;

pub(crate) fn run(arguments: &Evaluate, output: &mut Output) -> Result<ExitStatus> {
    let pairs = folded(Pairs::read(&arguments.pairs)?, arguments.folds)?;
    if let Some(folder) = &arguments.report {
        report::prepare(folder)?;
    }
    let photos = LabeledPhotos::of_pairs(&arguments.images, &pairs)?;
    // Wrong labels are reported before the work.
    let labels = groups::read(&arguments.images, &photos)?;
    let measurement = match arguments.method {
        Method::Network => by_network(arguments, &pairs, &photos, &labels)?,
        Method::Pixels => by_pixels(arguments, &pairs, &photos)?,
    };
    let Measurement { distances, failures, identification, weights_sha256, tables } = measurement;
    let comparisons: Vec<_> = pairs
        .pairs
        .iter()
        .zip(distances)
        .map(|(pair, distance)| Comparison { distance, same: pair.same, fold: pair.fold })
        .collect();
    let origin = Origin {
        method: arguments.method.name(),
        data: name_of(&arguments.images),
        faces: if arguments.faces.aligned { "aligned crops" } else { "detected" },
        weights_sha256,
        photos: photos.len(),
        photo_failures: failures,
    };
    let figures = Figures::measure(origin, &pairs, &comparisons, identification, tables)?;
    if let Some(folder) = &arguments.report {
        let locator = FaceLocator::new(photos.location(&arguments.faces))?
            .with_limits(arguments.faces.limits());
        let shown = arguments.thumbnails.then_some((&photos, &locator));
        report::write(folder, &figures, shown)?;
    }
    if output.is_json() {
        output.json(&summary(&figures)?)?;
    } else {
        text::print(&figures, output)?;
    }
    Ok(ExitStatus::Match)
}

/// Splits a list without folds, or takes the first folds of a list with them.
fn folded(pairs: Pairs, folds: Option<NonZeroUsize>) -> Result<Pairs> {
    let folds = folds.map(NonZeroUsize::get);
    Ok(match folds {
        _ if pairs.folds == 1 => {
            let same = pairs.pairs.iter().filter(|pair| pair.same).count();
            let most = same.min(pairs.pairs.len() - same).clamp(2, FOLDS);
            pairs.split_into_folds(folds.unwrap_or(most))?
        }
        Some(folds) => pairs.first_folds(folds)?,
        None => pairs,
    })
}

/// The results of a method.
struct Measurement {
    /// One per pair; none if a photo has no face.
    distances: Vec<Option<f64>>,
    failures: Vec<Failure>,
    identification: Identification,
    weights_sha256: Option<String>,
    tables: Tables,
}

fn by_network(
    arguments: &Evaluate,
    pairs: &Pairs,
    photos: &LabeledPhotos,
    labels: &[Labels],
) -> Result<Measurement> {
    let model = load(&arguments.model)?;
    let location = photos.location(&arguments.faces);
    let pipeline = pipeline(&arguments.model, &model, location)?;
    let locator = pipeline.locator().clone().with_limits(arguments.faces.limits());
    let pipeline = pipeline.with_locator(locator);
    let processed = photos.encodings(&pipeline);
    let encodings = &processed.results;
    let distance = |a: &Encoding, b: &Encoding| Ok(f64::from(a.distance(b)));
    let distances = distances(pairs, photos, encodings, distance)?;
    let vectors: Vec<_> = encodings.iter().map(|e| e.as_ref().map(Encoding::values)).collect();
    let people = photos.people(Some(pairs));
    let calibration = model.calibration().map(|c| &**c);
    // The threshold that is in force: the tables show what it does in other conditions.
    let threshold = match calibration {
        Some(calibration) => calibration.default_point()?.threshold,
        None => Threshold::NOTEBOOK,
    };
    // The pairs are measured: what goes wrong from here on is noted in the report.
    let mut tables = Tables::default();
    if !labels.is_empty() {
        let measured = match &people {
            Ok(people) => groups::measure(labels, encodings, people, threshold),
            Err(error) => Err(anyhow!("{error:#}")),
        };
        tables.groups = tables.kept("groups", measured).unwrap_or_default();
    }
    if arguments.robustness {
        let locator = pipeline.locator();
        let measured = robustness::measure(pairs, photos, &pipeline, locator, threshold);
        tables.robustness = tables.kept("robustness", measured);
    }
    let identification = Identification::measure(&vectors, people, calibration);
    Ok(Measurement {
        distances,
        failures: processed.failures,
        identification,
        weights_sha256: Some(model.hash().to_owned()),
        tables,
    })
}

/// Compares the pixels of the face crops, without a network.
fn by_pixels(arguments: &Evaluate, pairs: &Pairs, photos: &LabeledPhotos) -> Result<Measurement> {
    let location = photos.location(&arguments.faces);
    let locator = FaceLocator::new(location)?.with_limits(arguments.faces.limits());
    let processed = photos.crops(&locator);
    let crops = &processed.results;
    let distance = |a: &Array3<u8>, b: &Array3<u8>| Ok(pixels::distance(a, b)?);
    let distances = distances(pairs, photos, crops, distance)?;
    let vectors: Vec<_> = crops.iter().map(|crop| crop.as_ref()?.as_slice()).collect();
    let identification = Identification::measure(&vectors, photos.people(Some(pairs)), None);
    let failures = processed.failures;
    let tables = Tables::default();
    Ok(Measurement { distances, failures, identification, weights_sha256: None, tables })
}

fn distances<T>(
    pairs: &Pairs,
    photos: &LabeledPhotos,
    results: &[Option<T>],
    distance: impl Fn(&T, &T) -> Result<f64>,
) -> Result<Vec<Option<f64>>> {
    let of = |name: &str| photos.index_of(name).and_then(|i| results[i].as_ref());
    let distances = pairs.pairs.iter().map(|pair| match (of(&pair.a), of(&pair.b)) {
        (Some(a), Some(b)) => distance(a, b).map(Some),
        _ => Ok(None),
    });
    distances.collect()
}

/// The JSON output; rates are from 0 to 1.
fn summary(figures: &Figures) -> Result<Value> {
    let report = &figures.verification;
    let mut tar = Map::new();
    for at in &report.tar {
        let (target, value) = match at {
            TarAtFmr::Measured(point) => (point.target, json!(point.tar.value())),
            TarAtFmr::Refused { target, .. } => (*target, Value::Null),
        };
        tar.insert(target.to_string(), value);
    }
    Ok(json!({
        "method": figures.method,
        "accuracy": report.accuracy,
        "std": report.std,
        "eer": report.eer.as_ref().map(|eer| eer.rate),
        "tar": tar,
        "threshold": report.threshold,
        "pairs": report.pairs,
        "failures": report.failures,
        "photos": figures.photos,
        "photo_failures": figures.photo_failures.len(),
        "identification": serde_json::to_value(&figures.identification)?,
        "robustness": serde_json::to_value(&figures.tables.robustness)?,
        "groups": serde_json::to_value(&figures.tables.groups)?,
        "not_measured": serde_json::to_value(&figures.tables.not_measured)?,
        "details": serde_json::to_value(report)?,
    }))
}
