//! `facenet evaluate`: how well faces are told apart on labelled pairs.
//!
//! Every picture that a pair names is read once and encoded; then the pairs are
//! compared. Pictures in which no face is found are failures: they count as
//! wrong answers and are told, never left out.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use facenet::dataset::{Pack, Pairs, PhotoTree};
use facenet::evaluation::{Comparison, Report, ReportOptions, TarAtFmr, pixels};
use facenet::matching::Encoding;
use facenet::photo::Photo;
use indicatif::ProgressBar;
use ndarray::Array3;
use serde_json::{Map, Value, json};

use crate::arguments::{Evaluate, Method};
use crate::face_finder::{FaceCrop, FaceFinder, Framing};
use crate::face_reader::{BATCH, FaceReader};
use crate::output::{Output, escaped, line, warn};
use crate::{Outcome, progress};

/// Most folds that a list without any is dealt into.
const FOLDS: usize = 10;

/// Where the pictures are.
enum Pictures {
    Pack(Box<Pack>),
    Tree(PhotoTree),
}

/// One picture's place there.
enum Place {
    InPack(usize),
    File(PathBuf),
}

/// What two pictures are compared by.
enum Description {
    Encoding(Box<Encoding>),
    Pixels(Array3<f32>),
}

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
    let pictures = Pictures::open(arguments)?;
    let names: BTreeSet<&str> = pairs.pairs.iter().flat_map(|p| [&*p.a, &*p.b]).collect();
    let names: Vec<&str> = names.into_iter().collect();
    let places = names.iter().map(|name| pictures.place(name)).collect::<Result<Vec<_>>>()?;

    let descriptions = describe(arguments, &pictures, &names, &places)?;
    let of = |name: &str| names.binary_search(&name).ok().and_then(|i| descriptions[i].as_ref());
    let comparisons = pairs.pairs.iter().map(|pair| {
        let distance = match (of(&pair.a), of(&pair.b)) {
            (Some(a), Some(b)) => Some(a.distance(b)?),
            _ => None,
        };
        Ok(Comparison { distance, same: pair.same, fold: pair.fold })
    });
    let comparisons = comparisons.collect::<Result<Vec<_>>>()?;
    let report = Report::new(&comparisons, &ReportOptions::default())?;
    if output.is_json() {
        output.json(&summary(arguments, names.len(), &report)?)?;
    } else {
        print(arguments, names.len(), &report, output)?;
    }
    Ok(Outcome::Yes)
}

impl Pictures {
    fn open(arguments: &Evaluate) -> Result<Self> {
        let folder = &arguments.images;
        Ok(if folder.join("pack.json").exists() {
            Self::Pack(Box::new(Pack::open(folder)?))
        } else {
            Self::Tree(PhotoTree::open(folder)?)
        })
    }

    fn place(&self, name: &str) -> Result<Place> {
        match self {
            Self::Tree(tree) => Ok(Place::File(tree.resolve(name)?)),
            Self::Pack(pack) => pack.index_of(name).map(Place::InPack).ok_or_else(|| {
                anyhow!(
                    "the pack {} has no picture {name:?}; if it holds the first folds only, \
                     pass --folds N",
                    pack.folder().display()
                )
            }),
        }
    }

    /// The part of every picture that is the face crop, if it is known.
    fn framing(&self, arguments: &Evaluate) -> Framing {
        match self {
            _ if !arguments.aligned => Framing::Detected(arguments.face),
            Self::Pack(pack) => pack.window().map_or(Framing::Aligned, Framing::Window),
            Self::Tree(_) => Framing::Aligned,
        }
    }

    fn photo(&self, name: &str, place: &Place, finder: &FaceFinder) -> Result<Photo> {
        Ok(match (self, place) {
            (Self::Pack(pack), Place::InPack(index)) => {
                Photo::from_bytes(&pack.image(*index)?, name, finder.limits())?
            }
            (_, Place::File(path)) => Photo::open(path, finder.limits())?,
            (Self::Tree(_), Place::InPack(_)) => return Err(anyhow!("{name} is in no pack")),
        })
    }
}

impl Description {
    fn distance(&self, other: &Self) -> Result<f64> {
        match (self, other) {
            (Self::Encoding(a), Self::Encoding(b)) => Ok(f64::from(a.distance(b))),
            (Self::Pixels(a), Self::Pixels(b)) => Ok(pixels::distance(a, b)?),
            _ => Err(anyhow!("an encoding cannot be compared with pixels")),
        }
    }
}

/// Every picture's description; nothing where there is no usable face.
fn describe(
    arguments: &Evaluate,
    pictures: &Pictures,
    names: &[&str],
    places: &[Place],
) -> Result<Vec<Option<Description>>> {
    let framing = pictures.framing(arguments);
    let reader = FaceReader::new(&arguments.model, framing)?;
    let sources: Vec<_> = names.iter().copied().zip(places).collect();
    let bar = progress::bar(sources.len(), "reading pictures");
    let mut descriptions = Vec::with_capacity(sources.len());
    for batch in sources.chunks(BATCH) {
        let crops = find(reader.finder(), pictures, batch, &bar);
        let described: Vec<_> = match arguments.method {
            Method::Network => {
                let faces = reader.encode_each(crops).into_iter();
                faces
                    .map(|faces| Ok(Description::Encoding(first(faces?)?.encoding.into())))
                    .collect()
            }
            Method::Pixels => {
                let crops = crops.into_iter();
                crops.map(|crops| Ok(Description::Pixels(first(crops?)?.pixels))).collect()
            }
        };
        for described in described {
            let described = described
                .inspect_err(|error: &anyhow::Error| {
                    bar.suspend(|| warn(format_args!("a failure: {error:#}")));
                })
                .ok();
            descriptions.push(described);
        }
    }
    bar.finish_and_clear();
    Ok(descriptions)
}

fn find(
    finder: &FaceFinder,
    pictures: &Pictures,
    sources: &[(&str, &Place)],
    bar: &ProgressBar,
) -> Vec<Result<Vec<FaceCrop>>> {
    finder.in_each(sources, bar, |detector, (name, place)| {
        let photo = pictures.photo(name, place, finder)?;
        finder.in_photo(detector, &photo).with_context(|| escaped(name))
    })
}

/// With `--face all` the largest face counts.
fn first<T>(faces: Vec<T>) -> Result<T> {
    faces.into_iter().next().ok_or_else(|| anyhow!("there is no face"))
}

fn print(
    arguments: &Evaluate,
    pictures: usize,
    report: &Report,
    output: &mut Output,
) -> Result<()> {
    let percent = |rate: f64| format!("{:.2} %", 100.0 * rate);
    let method = method_name(arguments.method);
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
        "method": method_name(arguments.method),
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

fn method_name(method: Method) -> &'static str {
    match method {
        Method::Network => "network",
        Method::Pixels => "pixels",
    }
}
