//! `facenet evaluate`: how well faces are told apart on labelled pairs.
//!
//! Every picture that a pair names is read once and encoded; then the pairs are
//! compared. Pictures in which no face is found are failures: they count as
//! wrong answers and are told, never left out.

use std::num::NonZeroUsize;

use anyhow::Result;
use facenet::dataset::Pairs;
use facenet::evaluation::{Comparison, Report, ReportOptions, TarAtFmr, pixels};
use facenet::matching::Encoding;
use ndarray::Array3;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::arguments::{Evaluate, Method};
use crate::face_finder::FaceFinder;
use crate::face_reader::FaceReader;
use crate::labelled_pictures::LabelledPictures;
use crate::output::{Output, line};

/// Most folds that a list without any is dealt into.
const FOLDS: usize = 10;

pub(crate) fn run(arguments: &Evaluate, output: &mut Output) -> Result<Outcome> {
    let mut pairs = Pairs::read(&arguments.pairs)?;
    let folds = arguments.folds.map(NonZeroUsize::get);
    if pairs.folds == 1 {
        // A plain list says nothing of folds.
        let same = pairs.pairs.iter().filter(|pair| pair.same).count();
        let most = same.min(pairs.pairs.len() - same).clamp(2, FOLDS);
        pairs = pairs.dealt(folds.unwrap_or(most))?;
    } else if let Some(folds) = folds {
        pairs = pairs.first_folds(folds)?;
    }
    let pictures = LabelledPictures::of_pairs(&arguments.images, &pairs)?;
    let framing = pictures.framing(arguments.aligned, arguments.face);
    let (distances, failures) = match arguments.method {
        Method::Network => {
            let described = pictures.encodings(&FaceReader::new(&arguments.model, framing)?);
            let distance = |a: &Encoding, b: &Encoding| Ok(f64::from(a.distance(b)));
            (distances(&pairs, &pictures, &described.descriptions, distance)?, described.failures)
        }
        // Pixels need no network.
        Method::Pixels => {
            let described = pictures.crops(&FaceFinder::new(framing));
            let distance = |a: &Array3<f32>, b: &Array3<f32>| Ok(pixels::distance(a, b)?);
            (distances(&pairs, &pictures, &described.descriptions, distance)?, described.failures)
        }
    };
    let comparisons: Vec<_> = pairs
        .pairs
        .iter()
        .zip(distances)
        .map(|(pair, distance)| Comparison { distance, same: pair.same, fold: pair.fold })
        .collect();
    let report = Report::new(&comparisons, &ReportOptions::default())?;
    if output.is_json() {
        output.json(&summary(arguments, pictures.len(), &report)?)?;
    } else {
        print(arguments, pictures.len(), &report, output)?;
    }
    Ok(Outcome::Yes)
}

/// Every pair's distance; nothing where a picture has no face.
fn distances<T>(
    pairs: &Pairs,
    pictures: &LabelledPictures,
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

fn print(
    arguments: &Evaluate,
    pictures: usize,
    report: &Report,
    output: &mut Output,
) -> Result<()> {
    let percent = |rate: f64| format!("{:.2} %", 100.0 * rate);
    let method = arguments.method.name();
    let Report { genuine, impostor, failures, .. } = report;
    let folds = report.folds.len();
    line!(output, "{} pairs of {pictures} pictures, by {method}", report.pairs)?;
    line!(output, "({genuine} of one person, {impostor} of two; {failures} pairs failed)")?;
    line!(output)?;
    let (accuracy, std) = (percent(report.accuracy), 100.0 * report.std);
    line!(output, "accuracy   {accuracy} ± {std:.2} (standard deviation over {folds} folds)")?;
    line!(output, "threshold  {:.4} (mean over folds)", report.threshold)?;
    match &report.eer {
        Some(eer) => {
            line!(output, "EER        {} at threshold {:.4}", percent(eer.rate), eer.threshold)?;
        }
        None => line!(output, "EER        none: too many failures")?,
    }
    for tar in &report.tar {
        match tar {
            TarAtFmr::Measured(point) => {
                let (tar, interval) = (percent(point.tar.value()), point.tar.interval());
                let (low, high) = (percent(interval.low), percent(interval.high));
                line!(
                    output,
                    "TAR        {tar} [{low}, {high}] at FMR {}, threshold {:.4}",
                    percent(point.target),
                    point.threshold
                )?;
            }
            TarAtFmr::Refused { target, needed, found } => line!(
                output,
                "TAR        unknown at FMR {}: needs {needed} pairs of two people, found {found}",
                percent(*target)
            )?,
        }
    }
    Ok(())
}

/// The figures of `--json`: rates from 0 to 1.
fn summary(arguments: &Evaluate, pictures: usize, report: &Report) -> Result<Value> {
    let mut tar = Map::new();
    for at in &report.tar {
        let (target, value) = match at {
            TarAtFmr::Measured(point) => (point.target, json!(point.tar.value())),
            TarAtFmr::Refused { target, .. } => (*target, Value::Null),
        };
        tar.insert(target.to_string(), value);
    }
    Ok(json!({
        "method": arguments.method.name(),
        "accuracy": report.accuracy,
        "std": report.std,
        "eer": report.eer.as_ref().map(|eer| eer.rate),
        "tar": tar,
        "threshold": report.threshold,
        "pairs": report.pairs,
        "failures": report.failures,
        "pictures": pictures,
        "details": serde_json::to_value(report)?,
    }))
}
