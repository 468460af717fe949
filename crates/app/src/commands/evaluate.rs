//! `facenet evaluate`: how well faces are told apart on labeled pairs.
//!
//! Every picture that a pair names is read once and described; then the pairs are
//! compared, and galleries are drawn from the pictures where it is known who is on
//! them. Pictures in which no face is found are failures: they count as wrong answers
//! and are told, never left out.

mod figures;
mod page;
mod report;
mod text;
mod thumbnails;

use std::num::NonZeroUsize;

use anyhow::Result;
use biometrics::evaluation::{Comparison, TarAtFmr, pixels};
use facenet::matching::Encoding;
use faces::FaceLocator;
use figures::{Figures, Identification, Origin};
use ndarray::Array3;
use serde_json::{Map, Value, json};
use training::dataset::Pairs;

use crate::ExitStatus;
use crate::arguments::{Evaluate, Method};
use crate::face_reader::{load, pipeline};
use crate::labeled_photos::{Failure, LabeledPhotos, name_of};
use crate::output::Output;

/// Most folds that a list without any is dealt into.
const FOLDS: usize = 10;

pub(crate) fn run(arguments: &Evaluate, output: &mut Output) -> Result<ExitStatus> {
    let pairs = folded(Pairs::read(&arguments.pairs)?, arguments.folds)?;
    if let Some(folder) = &arguments.report {
        report::prepare(folder)?;
    }
    let pictures = LabeledPhotos::of_pairs(&arguments.images, &pairs)?;
    let Measured { distances, failures, identification, weights_sha256 } = match arguments.method {
        Method::Network => by_network(arguments, &pairs, &pictures)?,
        Method::Pixels => by_pixels(arguments, &pairs, &pictures)?,
    };
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
        pictures: pictures.len(),
        picture_failures: failures,
    };
    let figures = Figures::measure(origin, &pairs, &comparisons, identification)?;
    if let Some(folder) = &arguments.report {
        let locator = FaceLocator::new(pictures.location(&arguments.faces))?;
        let shown = arguments.pictures.then_some((&pictures, &locator));
        report::write(folder, &figures, shown)?;
    }
    if output.is_json() {
        output.json(&summary(&figures)?)?;
    } else {
        text::print(&figures, output)?;
    }
    Ok(ExitStatus::Match)
}

/// A plain list says nothing of folds and is dealt into some.
fn folded(pairs: Pairs, folds: Option<NonZeroUsize>) -> Result<Pairs> {
    let folds = folds.map(NonZeroUsize::get);
    Ok(match folds {
        _ if pairs.folds == 1 => {
            let same = pairs.pairs.iter().filter(|pair| pair.same).count();
            let most = same.min(pairs.pairs.len() - same).clamp(2, FOLDS);
            pairs.dealt(folds.unwrap_or(most))?
        }
        Some(folds) => pairs.first_folds(folds)?,
        None => pairs,
    })
}

/// What a method makes of the pictures.
struct Measured {
    /// One a pair; nothing where a picture has no face.
    distances: Vec<Option<f64>>,
    failures: Vec<Failure>,
    identification: Identification,
    weights_sha256: Option<String>,
}

fn by_network(arguments: &Evaluate, pairs: &Pairs, pictures: &LabeledPhotos) -> Result<Measured> {
    let model = load(&arguments.model)?;
    let location = pictures.location(&arguments.faces);
    let described = pictures.encodings(&pipeline(&arguments.model, &model, location)?);
    let encodings = &described.descriptions;
    let distance = |a: &Encoding, b: &Encoding| Ok(f64::from(a.distance(b)));
    let distances = distances(pairs, pictures, encodings, distance)?;
    let vectors: Vec<_> = encodings.iter().map(|e| e.as_ref().map(Encoding::values)).collect();
    let people = pictures.people(Some(pairs));
    let identification =
        Identification::measure(&vectors, people, model.calibration().map(|c| &**c));
    Ok(Measured {
        distances,
        failures: described.failures,
        identification,
        weights_sha256: Some(model.hash().to_owned()),
    })
}

/// Needs no network, and compiles none.
fn by_pixels(arguments: &Evaluate, pairs: &Pairs, pictures: &LabeledPhotos) -> Result<Measured> {
    let location = pictures.location(&arguments.faces);
    let described = pictures.crops(&FaceLocator::new(location)?);
    let crops = &described.descriptions;
    let distance = |a: &Array3<u8>, b: &Array3<u8>| Ok(pixels::distance(a, b)?);
    let distances = distances(pairs, pictures, crops, distance)?;
    let vectors: Vec<_> = crops.iter().map(|crop| crop.as_ref()?.as_slice()).collect();
    let identification = Identification::measure(&vectors, pictures.people(Some(pairs)), None);
    let failures = described.failures;
    Ok(Measured { distances, failures, identification, weights_sha256: None })
}

fn distances<T>(
    pairs: &Pairs,
    pictures: &LabeledPhotos,
    descriptions: &[Option<T>],
    distance: impl Fn(&T, &T) -> Result<f64>,
) -> Result<Vec<Option<f64>>> {
    let of = |name: &str| pictures.index_of(name).and_then(|i| descriptions[i].as_ref());
    let distances = pairs.pairs.iter().map(|pair| match (of(&pair.a), of(&pair.b)) {
        (Some(a), Some(b)) => distance(a, b).map(Some),
        _ => Ok(None),
    });
    distances.collect()
}

/// What `--json` prints: rates from 0 to 1.
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
        "pictures": figures.pictures,
        "picture_failures": figures.picture_failures.len(),
        "identification": serde_json::to_value(&figures.identification)?,
        "details": serde_json::to_value(report)?,
    }))
}
