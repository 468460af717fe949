//! Everything that one evaluation finds, for the terminal, JSON and the page alike.

use anyhow::Result;
use biometrics::calibration::Calibration;
use biometrics::evaluation::{
    Comparison, Galleries, GalleryOptions, Hardest, Histogram, IdentificationPoint, Rate, Report,
    ReportOptions, Roc, RocPoint,
};
use serde::Serialize;
use training::dataset::Pairs;

use crate::labelled_pictures::Failure;

/// Wrong pairs of each kind that are listed.
const LISTED: usize = 12;
/// Bins of the histogram.
const BINS: usize = 60;

/// What was found, and on what.
#[derive(Serialize)]
pub(super) struct Figures {
    /// `network` or `pixels`.
    pub(super) method: &'static str,
    /// The folder's name.
    pub(super) data: String,
    /// How faces were cut out.
    pub(super) faces: &'static str,
    /// Hash of the weights; none for pixels.
    pub(super) weights_sha256: Option<String>,
    /// Pictures that the pairs name.
    pub(super) pictures: usize,
    /// Those without a usable face.
    pub(super) picture_failures: Vec<Failure>,
    /// Figures of pairs.
    pub(super) verification: Report,
    /// Figures in galleries.
    pub(super) identification: Identification,
    /// The pairs told most wrongly.
    pub(super) hardest: WrongPairs,
    /// Rates against the threshold.
    pub(super) curve: Vec<RocPoint>,
    /// How distances are spread.
    pub(super) histogram: Histogram,
}

/// Figures in galleries, or why there are none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Identification {
    /// One entry a size.
    Measured(Vec<GalleryFigures>),
    /// It is not known who is on the pictures, or they are too few.
    Unknown {
        /// Why.
        unknown: String,
    },
}

/// Galleries of one size.
#[derive(Serialize)]
pub(super) struct GalleryFigures {
    /// People enrolled.
    pub(super) people: usize,
    /// Galleries drawn.
    pub(super) galleries: usize,
    /// Probes of enrolled people, over all galleries.
    pub(super) enrolled_probes: usize,
    /// Probes of strangers.
    pub(super) stranger_probes: usize,
    /// Probes without a face.
    pub(super) failures: usize,
    /// Enrolled people whose nearest is themselves.
    pub(super) rank_one: Rate,
    /// FNIR at each FPIR.
    pub(super) points: Vec<PointOrRefusal>,
    /// What the calibration's threshold for this gallery does.
    pub(super) calibrated: Option<Calibrated>,
}

/// A measured point, or why there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PointOrRefusal {
    /// There are strangers enough.
    Measured(IdentificationPoint),
    /// There are not.
    Refused {
        /// The rate asked for.
        target: f64,
        /// Why not.
        refused: String,
    },
}

/// The calibration's promise for a gallery, held against what happened.
#[derive(Serialize)]
pub(super) struct Calibrated {
    /// The rate that it promises.
    pub(super) target: f64,
    /// Its threshold.
    pub(super) threshold: f32,
    /// False positive identification rate measured there.
    pub(super) fpir: Rate,
    /// False negative identification rate measured there.
    pub(super) fnir: Rate,
}

/// Pairs told most wrongly, the worst first.
#[derive(Serialize)]
pub(super) struct WrongPairs {
    /// Two people taken for one.
    pub(super) false_matches: Vec<WrongPair>,
    /// One person taken for two.
    pub(super) false_non_matches: Vec<WrongPair>,
}

/// A pair told wrongly.
#[derive(Serialize)]
pub(super) struct WrongPair {
    /// One picture's name.
    pub(super) a: String,
    /// The other's.
    pub(super) b: String,
    /// Their distance.
    pub(super) distance: f64,
}

/// Where a [`Figures`] comes from.
pub(super) struct Origin {
    pub(super) method: &'static str,
    pub(super) data: String,
    pub(super) faces: &'static str,
    pub(super) weights_sha256: Option<String>,
    pub(super) pictures: usize,
    pub(super) picture_failures: Vec<Failure>,
}

impl Figures {
    pub(super) fn measure(
        origin: Origin,
        pairs: &Pairs,
        comparisons: &[Comparison],
        identification: Identification,
    ) -> Result<Self> {
        let verification = Report::new(comparisons, &ReportOptions::default())?;
        let hardest = Hardest::of(comparisons, &verification.folds, LISTED);
        let wrong = |places: &[usize]| -> Vec<WrongPair> {
            let pair = |&place: &usize| {
                let (pair, distance) = (&pairs.pairs[place], comparisons[place].distance?);
                Some(WrongPair { a: pair.a.clone(), b: pair.b.clone(), distance })
            };
            places.iter().filter_map(pair).collect()
        };
        let Origin { method, data, faces, weights_sha256, pictures, picture_failures } = origin;
        Ok(Self {
            method,
            data,
            faces,
            weights_sha256,
            pictures,
            picture_failures,
            identification,
            hardest: WrongPairs {
                false_matches: wrong(&hardest.false_matches),
                false_non_matches: wrong(&hardest.false_non_matches),
            },
            curve: Roc::new(comparisons)?.drawn(),
            histogram: Histogram::of(comparisons, BINS)?,
            verification,
        })
    }
}

impl Identification {
    /// Draws galleries; `calibration` is that of the vectors' model.
    pub(super) fn measure<T: Copy + Into<f32> + Sync>(
        vectors: &[Option<&[T]>],
        people: Result<Vec<usize>>,
        calibration: Option<&Calibration>,
    ) -> Self {
        let people = match people {
            Ok(people) => people,
            Err(error) => return Self::Unknown { unknown: format!("{error:#}") },
        };
        let options = GalleryOptions::default();
        let galleries = Galleries::draw(vectors, &people, &options);
        if galleries.is_empty() {
            let smallest = options.sizes.iter().min().unwrap_or(&0);
            return Self::Unknown {
                unknown: format!(
                    "the pictures show too few people for a gallery of {smallest} and strangers"
                ),
            };
        }
        let of = |galleries: &Galleries| GalleryFigures::of(galleries, &options, calibration);
        Self::Measured(galleries.iter().map(of).collect())
    }
}

impl GalleryFigures {
    fn of(
        galleries: &Galleries,
        options: &GalleryOptions,
        calibration: Option<&Calibration>,
    ) -> Self {
        let points = options.fpirs.iter().map(|&target| match galleries.at_fpir(target) {
            Ok(point) => PointOrRefusal::Measured(point),
            Err(error) => PointOrRefusal::Refused { target, refused: error.to_string() },
        });
        let target = options.fpirs.last().copied();
        let calibrated = calibration.zip(target).and_then(|(calibration, target)| {
            let point = calibration.for_gallery(galleries.size(), target).ok()?;
            let threshold = point.threshold.distance();
            let (fpir, fnir) = (galleries.fpir(threshold.into()), galleries.fnir(threshold.into()));
            Some(Calibrated { target, threshold, fpir, fnir })
        });
        Self {
            people: galleries.size(),
            galleries: galleries.repeats(),
            enrolled_probes: galleries.enrolled(),
            stranger_probes: galleries.strangers(),
            failures: galleries.failures(),
            rank_one: galleries.rank_one(),
            points: points.collect(),
            calibrated,
        }
    }
}
