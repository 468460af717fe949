//! `facenet calibrate`: fits thresholds and probabilities on labeled photos.

use std::path::Path;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use biometrics::RateEstimate;
use biometrics::calibration::{
    About, Calibration, CalibrationError, CalibrationOptions, Distances, Pairing, Row,
};
use biometrics::evaluation::Comparison;
use facenet::matching::Encoding;
use serde_json::json;
use training::dataset::Pairs;

use crate::arguments::Calibrate;
use crate::charts::{self, RatesAt};
use crate::face_reader::{load, pipeline};
use crate::labeled_photos::{LabeledPhotos, name_of};
use crate::output::{Output, escaped, line, note};
use crate::text::{chosen, grouped, with_interval};
use crate::{ExitStatus, progress};
use report::ErrorRow;

/// With fewer people than this, a note says that the intervals are rough.
const FEW: usize = 50;
/// False match rates of the printed table.
const PRINTED_RATES: [f64; 5] = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5];

pub(crate) fn run(arguments: &Calibrate, output: &mut Output) -> Result<ExitStatus> {
    check_writable(&arguments.output)?;
    arguments.chart.as_deref().map_or(Ok(()), check_writable)?;
    let mut pairs = arguments.pairs.as_ref().map(Pairs::read).transpose()?;
    if let Some(folds) = arguments.folds {
        pairs = pairs.map(|pairs| pairs.first_folds(folds.get())).transpose()?;
    }
    let photos = match &pairs {
        Some(pairs) => LabeledPhotos::of_pairs(&arguments.images, pairs)?,
        None => LabeledPhotos::all(&arguments.images)?,
    };
    // Reports bad labels before minutes of work.
    let people = match &pairs {
        Some(_) if arguments.listed => Vec::new(),
        pairs => photos.people(pairs.as_ref())?,
    };
    let model = load(&arguments.model)?;
    let pipeline = pipeline(&arguments.model, &model, photos.location(&arguments.faces))?;
    let locator = pipeline.locator().clone().with_limits(arguments.faces.limits());
    let pipeline = pipeline.with_locator(locator);
    let processed = photos.encodings(&pipeline);
    let encodings = &processed.results;
    let distances = match &pairs {
        Some(pairs) if arguments.listed => listed(pairs, &photos, encodings)?,
        _ => all_pairs(encodings, &people)?,
    };
    if (1..FEW).contains(&distances.people()) {
        let people = distances.people();
        note(format_args!("only {people} people: the intervals are rough"));
    }
    let faces = encodings.iter().flatten().count();
    let about = About {
        variant: arguments.model.variant.name().to_owned(),
        weights_sha256: model.hash().to_owned(),
        looks: model.looks().count(),
        created: today(),
        data: arguments.name.clone().unwrap_or_else(|| name_of(&arguments.images)),
        faces: if arguments.faces.aligned { "aligned crops" } else { "detected" }.to_owned(),
        pairing: distances.pairing(),
        images: faces as u64,
        people: (distances.people() > 0).then_some(distances.people() as u64),
        failures: processed.failures.len() as u64,
    };
    let options = CalibrationOptions { fmr: arguments.fmr, prior: arguments.prior };
    let calibration = Calibration::fit(&distances, about, options)?;
    calibration.write(&arguments.output)?;
    if let Some(path) = &arguments.chart {
        std::fs::write(path, chart(&calibration)?)
            .with_context(|| format!("cannot write {}", escaped(&path.display().to_string())))?;
    }
    if output.is_json() {
        output.json(&summary(&calibration, &arguments.output, photos.left_out())?)?;
    } else {
        print(&calibration, &arguments.output, output)?;
    }
    Ok(ExitStatus::Match)
}

/// Compares every photo with every other, without those that have no face.
fn all_pairs(encodings: &[Option<Encoding>], people: &[usize]) -> Result<Distances> {
    let with_face =
        encodings.iter().zip(people).filter_map(|(e, &person)| Some((e.clone()?, person)));
    let (encodings, people): (Vec<_>, Vec<_>) = with_face.unzip();
    let bar = progress::bar(encodings.len(), "comparing all pairs");
    let distances =
        Distances::all_pairs(&encodings, &people, &mut |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    Ok(distances?)
}

fn listed(
    pairs: &Pairs,
    photos: &LabeledPhotos,
    encodings: &[Option<Encoding>],
) -> Result<Distances> {
    let of = |name| photos.index_of(name).and_then(|i| encodings[i].as_ref());
    let comparisons = pairs.pairs.iter().map(|pair| {
        let distance = of(&pair.a).zip(of(&pair.b)).map(|(a, b)| f64::from(a.distance(b)));
        Comparison { distance, same: pair.same, fold: pair.fold }
    });
    Ok(Distances::listed(&comparisons.collect::<Vec<_>>())?)
}

/// Checks the path before the work, which takes minutes.
fn check_writable(output: &Path) -> Result<()> {
    let folder = output.parent().filter(|folder| *folder != Path::new(""));
    let shown = || escaped(&output.display().to_string());
    if output.is_dir() {
        bail!("{}: expected a file to write, found a folder", shown());
    }
    match folder {
        Some(folder) if !folder.is_dir() => bail!("{}: the folder does not exist", shown()),
        _ => Ok(()),
    }
}

/// Draws both error rates with their intervals.
fn chart(calibration: &Calibration) -> Result<String> {
    let ends = |rate: RateEstimate| [rate.value, rate.low, rate.high];
    let at = |row: &Row| RatesAt {
        threshold: row.threshold.distance().into(),
        fmr: ends(row.fmr),
        fnmr: ends(row.fnmr),
    };
    // One point per two pixels.
    let rows: Vec<_> = calibration.table().rows().iter().step_by(5).map(at).collect();
    let threshold = calibration.default_point()?.threshold.distance();
    Ok(charts::standalone(&charts::error_rates(&rows, threshold.into(), 1e-6)?))
}

/// Today's date, in UTC.
fn today() -> String {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    now.split('T').next().unwrap_or_default().to_owned()
}

fn print(calibration: &Calibration, path: &Path, output: &mut Output) -> Result<()> {
    let about = calibration.about();
    let [genuine, impostor] = calibration.pairs();
    let pairs = match about.pairing {
        Pairing::Listed => "listed pairs",
        _ => "all pairs",
    };
    let photos = grouped(about.images);
    line!(output, "{photos} photos of {}, {pairs}:", escaped(&about.data))?;
    let (genuine, impostor) = (grouped(genuine), grouped(impostor));
    line!(
        output,
        "{genuine} of one person, {impostor} of two; {} photos without a face",
        about.failures
    )?;
    line!(output)?;
    line!(output, "{:>8}  {:>9}  {:<34}  FNMR [95 %]", "target", "threshold", "FMR [95 %]")?;
    for target in PRINTED_RATES {
        let point = match calibration.at_fmr(target) {
            Ok(point) => point,
            Err(CalibrationError::TooFewImpostors { needed, .. }) => {
                line!(output, "{target:>8}  too few pairs of two people: needs {needed}")?;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        let (fmr, fnmr) = (with_interval(point.fmr), with_interval(point.fnmr));
        line!(output, "{target:>8}  {:>9}  {fmr:<34}  {fnmr}", point.threshold)?;
    }
    let point = calibration.default_point()?;
    let curve = calibration.curve();
    line!(output)?;
    line!(output, "threshold {} for FMR {}", point.threshold, chosen(point.target))?;
    line!(
        output,
        "ln(ratio) = {:.3} - {:.3}·distance²; Cllr {:.4}, {:.4} at best",
        curve.intercept,
        -curve.slope,
        curve.cllr,
        curve.cllr_min
    )?;
    line!(output, "written to {}", escaped(&path.display().to_string()))?;
    Ok(())
}

/// The JSON output: the head of the file, and its path.
fn summary(
    calibration: &Calibration,
    path: &Path,
    left_out: &[ErrorRow],
) -> Result<serde_json::Value> {
    let point = calibration.default_point()?;
    let [genuine, impostor] = calibration.pairs();
    Ok(json!({
        "output": path.display().to_string(),
        "about": calibration.about(),
        "genuine": genuine,
        "impostor": impostor,
        "target_fmr": point.target,
        "threshold": point.threshold.distance(),
        "fmr": point.fmr,
        "fnmr": point.fnmr,
        "curve": calibration.curve(),
        "left_out": left_out,
    }))
}
