//! `measure-detector`: which faces a detector finds on changed copies of photos, and what it
//! takes for a face on pictures without any.

mod copies;
mod score;

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Result, bail};
use facenet::network::Architecture;
use facenet::weights::Weights;
use faces::{
    ALL_ROTATIONS, DecodeLimits, Detector, FaceAligner, NetworkDetector, NetworkOptions, Photo,
    RotatedDetector,
};
use rayon::prelude::*;
use serde::Serialize;
use training::dataset::Pack;
use training::detector::Pictures;

use copies::{AS_IT_IS, CHANGES, CUT, Change, Known};
use score::Row;

/// The teacher's score from which a face is one.
const SURE: f32 = 0.7;

/// Measure which faces the detector finds.
///
/// Photos come from packs (docs/training.md): --photos one with landmarks.npy, one face a photo,
/// from which changed copies are made; --data one with faces.npy, of which the pictures that are
/// held out are taken. Build with --release.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Pack of photos with the landmarks of one face each
    #[arg(long, value_name = "DIR")]
    photos: Vec<PathBuf>,
    /// Pack of pictures with all their faces
    #[arg(long, value_name = "DIR")]
    data: Vec<PathBuf>,
    /// Weights of the network [default: those in this binary]
    #[arg(long, value_name = "DIR")]
    weights: Option<PathBuf>,
    /// The smallest face to look for, as a share of the photo's shorter side [default: 0.1]
    #[arg(long, value_name = "SHARE")]
    smallest_face: Option<f32>,
    /// The score from which a box is a face's [default: the detector's own]
    #[arg(long, value_name = "SCORE")]
    score: Option<f32>,
    /// Take every Nth picture
    #[arg(long, value_name = "N", default_value = "1")]
    every: std::num::NonZeroUsize,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct Report {
    /// Of faces that were looked for.
    rows: Vec<Row>,
    /// Pictures without faces.
    empty: usize,
    /// Boxes on them.
    false_boxes: usize,
    /// Pictures of them with at least one.
    with_false_boxes: usize,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    if arguments.photos.is_empty() && arguments.data.is_empty() {
        bail!("expected --photos or --data, found neither");
    }
    let detectors = Detectors::new(arguments)?;
    let mut report = Report { rows: Vec::new(), empty: 0, false_boxes: 0, with_false_boxes: 0 };
    for folder in &arguments.photos {
        let pack = Pack::open(folder)?;
        let known = every(0..pack.len(), arguments)
            .into_par_iter()
            .filter_map(|index| {
                let landmarks = pack.landmarks(index)?;
                Some(open(&pack, index).map(|photo| Known { photo, landmarks }))
            })
            .collect::<Result<Vec<_>>>()?;
        for change in &CHANGES {
            report.rows.push(detectors.row(change, change.name, &known));
        }
    }
    if !arguments.data.is_empty() {
        detectors.held_out(arguments, &mut report)?;
    }
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print(&report);
    }
    Ok(())
}

fn every(numbers: std::ops::Range<usize>, arguments: &Arguments) -> Vec<usize> {
    numbers.step_by(arguments.every.get()).collect()
}

fn open(pack: &Pack, index: usize) -> Result<Photo> {
    let name = pack.name(index).unwrap_or("image");
    Ok(Photo::from_bytes(&pack.image(index)?, name, &DecodeLimits::default())?)
}

/// A detector of upright faces, the same over rotated photos, and what cuts faces out.
struct Detectors {
    upright: Arc<dyn Detector>,
    rotated: Arc<dyn Detector>,
    aligner: FaceAligner,
}

impl Detectors {
    fn new(arguments: &Arguments) -> Result<Self> {
        let mut options = NetworkOptions::default();
        options.smallest_face = arguments.smallest_face.unwrap_or(options.smallest_face);
        options.score = arguments.score.unwrap_or(options.score);
        let weights = match &arguments.weights {
            Some(folder) => Weights::from_npy_folder_for(Architecture::Detector, folder)?.weights,
            None => Weights::embedded_for(Architecture::Detector)?,
        };
        let network = NetworkDetector::new(weights, options)?;
        let inner = network.with_options(NetworkOptions { again: false, ..options })?;
        let rotated = Arc::new(RotatedDetector { inner, rotations: &ALL_ROTATIONS });
        Ok(Self { upright: Arc::new(network), rotated, aligner: FaceAligner::embedded()? })
    }

    /// What is found on changed copies.
    fn row(&self, change: &Change, name: &'static str, photos: &[Known]) -> Row {
        let detector = if change.rotations { &self.rotated } else { &self.upright };
        let aligner = self.aligner.clone().with_rotations(change.rotations);
        let scores = photos.par_iter().map(|known| {
            let copy = (change.apply)(known);
            score::of(&copy, detector, &aligner)
        });
        Row::of(name, scores.collect())
    }

    /// The pictures of packs that are held out: faces from the front and in profile, and no
    /// faces.
    fn held_out(&self, arguments: &Arguments, report: &mut Report) -> Result<()> {
        let pictures = Pictures::open(&arguments.data)?;
        let packs = arguments.data.iter().map(Pack::open).collect::<Result<Vec<_>, _>>()?;
        let places = packs.iter().flat_map(|pack| (0..pack.len()).map(move |image| (pack, image)));
        let (mut frontal, mut profiles, mut empty) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (pack, image)) in places.enumerate().step_by(arguments.every.get()) {
            if !pictures.is_held_out(index) {
                continue;
            }
            let faces = pictures.faces(index);
            if faces.is_empty() {
                empty.push(open(pack, image)?);
                continue;
            }
            let sure = faces.iter().filter(|face| face.score >= SURE);
            let Some(largest) = sure.max_by(|a, b| a.size().total_cmp(&b.size())) else { continue };
            let known = Known { photo: open(pack, image)?, landmarks: largest.landmarks };
            if largest.is_profile() { profiles.push(known) } else { frontal.push(known) }
        }
        for (change, name) in [(AS_IT_IS, "held out"), (CUT, "held out, cut to the face")] {
            report.rows.push(self.row(&change, name, &frontal));
        }
        report.rows.push(self.row(&AS_IT_IS, "held out, in profile", &profiles));
        let boxes: Vec<_> =
            empty.par_iter().map(|photo| self.upright.detect(photo).len()).collect();
        report.empty += boxes.len();
        report.false_boxes += boxes.iter().sum::<usize>();
        report.with_false_boxes += boxes.iter().filter(|&&count| count > 0).count();
        Ok(())
    }
}

fn print(report: &Report) {
    println!("{}", Row::HEAD);
    for row in &report.rows {
        println!("{row}");
    }
    if report.empty > 0 {
        println!(
            "\n{} pictures without faces: {} false boxes on {} of them",
            report.empty, report.false_boxes, report.with_false_boxes
        );
    }
}
