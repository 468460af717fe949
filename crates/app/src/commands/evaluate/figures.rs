//! All figures of one evaluation, for the terminal, JSON and the page.

use anyhow::Result;
use biometrics::calibration::Calibration;
use biometrics::evaluation::{
    Comparison, Galleries, GalleryOptions, Hardest, Histogram, IdentificationPoint, Rate, Report,
    ReportOptions, Roc, RocPoint,
};
use serde::Serialize;
use training::dataset::Pairs;

use super::groups::Groups;
use super::robustness::Robustness;
use crate::labeled_photos::Failure;
use crate::output::warn;

/// Errors of each kind that are listed.
const LISTED: usize = 12;
/// Bins of the histogram.
const BINS: usize = 60;

/// The figures, and the data that they were measured on.
#[derive(Serialize)]
pub(super) struct Figures {
    /// `network` or `pixels`.
    pub(super) method: &'static str,
    /// The folder's name.
    pub(super) data: String,
    /// How faces were cropped.
    pub(super) faces: &'static str,
    /// Hash of the weights; none for pixels.
    pub(super) weights_sha256: Option<String>,
    /// Photos that the pairs name.
    pub(super) photos: usize,
    /// Photos without a usable face.
    pub(super) photo_failures: Vec<Failure>,
    /// Figures of the pairs.
    pub(super) verification: Report,
    /// Figures in galleries.
    pub(super) identification: Identification,
    /// The worst errors.
    pub(super) hardest: WrongPairs,
    /// Error rates over the threshold.
    pub(super) curve: Vec<RocPoint>,
    /// The distribution of distances.
    pub(super) histogram: Histogram,
    #[serde(flatten)]
    pub(super) tables: Tables,
}

/// Figures at the threshold in force.
#[derive(Default, Serialize)]
pub(super) struct Tables {
    /// In bad conditions, with `--robustness`.
    pub(super) robustness: Option<Robustness>,
    /// By group of people, where the groups are known.
    pub(super) groups: Vec<Groups>,
    /// Tables that were wanted and could not be measured.
    pub(super) not_measured: Vec<NotMeasured>,
}

/// A table that could not be measured; the others stand.
#[derive(Serialize)]
pub(super) struct NotMeasured {
    /// The table: `groups` or `robustness`.
    pub(super) table: &'static str,
    /// Why.
    pub(super) reason: String,
}

impl Tables {
    /// The measurement, or the note that there is none.
    pub(super) fn kept<T>(&mut self, table: &'static str, measured: Result<T>) -> Option<T> {
        let note = |error| {
            let reason = format!("{error:#}");
            warn(format_args!("{table}: not measured: {reason}"));
            self.not_measured.push(NotMeasured { table, reason });
        };
        measured.map_err(note).ok()
    }
}

/// Figures in galleries, or the reason why there are none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Identification {
    /// One entry per gallery size.
    Measured(Vec<GalleryFigures>),
    /// The people on the photos are unknown or too few.
    NotMeasured {
        /// The reason.
        not_measured: String,
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
    /// Rate of probes whose nearest person is the right one.
    pub(super) rank_one: Rate,
    /// FNIR at each FPIR.
    pub(super) points: Vec<PointOrRefusal>,
    /// Rates at the calibration's threshold for this gallery size.
    pub(super) calibrated: Option<Calibrated>,
}

/// A measured point, or the reason why there is none.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum PointOrRefusal {
    /// There are enough strangers.
    Measured(IdentificationPoint),
    /// There are too few strangers.
    Refused {
        /// The requested rate.
        target: f64,
        /// The reason.
        refused: String,
    },
}

/// The rate that the calibration promises for a gallery, and the measured rates.
#[derive(Serialize)]
pub(super) struct Calibrated {
    /// The promised rate.
    pub(super) target: f64,
    /// Its threshold.
    pub(super) threshold: f32,
    /// False positive identification rate measured there.
    pub(super) fpir: Rate,
    /// False negative identification rate measured there.
    pub(super) fnir: Rate,
}

/// The worst errors of each kind, the worst first.
#[derive(Serialize)]
pub(super) struct WrongPairs {
    /// Pairs of two people that were accepted.
    pub(super) false_matches: Vec<WrongPair>,
    /// Pairs of one person that were rejected.
    pub(super) false_non_matches: Vec<WrongPair>,
}

/// A pair with a wrong answer.
#[derive(Serialize)]
pub(super) struct WrongPair {
    /// The name of one photo.
    pub(super) a: String,
    /// The name of the other.
    pub(super) b: String,
    /// Their distance.
    pub(super) distance: f64,
}

/// The method and data of [`Figures`].
pub(super) struct Origin {
    pub(super) method: &'static str,
    pub(super) data: String,
    pub(super) faces: &'static str,
    pub(super) weights_sha256: Option<String>,
    pub(super) photos: usize,
    pub(super) photo_failures: Vec<Failure>,
}

impl Figures {
    pub(super) fn measure(
        origin: Origin,
        pairs: &Pairs,
        comparisons: &[Comparison],
        identification: Identification,
        tables: Tables,
    ) -> Result<Self> {
        let verification = Report::new(comparisons, &ReportOptions::default())?;
        let hardest = Hardest::of(comparisons, &verification.folds, LISTED);
        let wrong = |indices: &[usize]| -> Vec<WrongPair> {
            let pair = |&index: &usize| {
                let (pair, distance) = (&pairs.pairs[index], comparisons[index].distance?);
                Some(WrongPair { a: pair.a.clone(), b: pair.b.clone(), distance })
            };
            indices.iter().filter_map(pair).collect()
        };
        let Origin { method, data, faces, weights_sha256, photos, photo_failures } = origin;
        Ok(Self {
            method,
            data,
            faces,
            weights_sha256,
            photos,
            photo_failures,
            identification,
            hardest: WrongPairs {
                false_matches: wrong(&hardest.false_matches),
                false_non_matches: wrong(&hardest.false_non_matches),
            },
            curve: Roc::new(comparisons)?.plot_points(),
            histogram: Histogram::of(comparisons, BINS)?,
            verification,
            tables,
        })
    }
}

impl Identification {
    /// Draws galleries at random; `calibration` is that of the vectors' model.
    pub(super) fn measure<T: Copy + Into<f32> + Sync>(
        vectors: &[Option<&[T]>],
        people: Result<Vec<usize>>,
        calibration: Option<&Calibration>,
    ) -> Self {
        let people = match people {
            Ok(people) => people,
            Err(error) => return Self::NotMeasured { not_measured: format!("{error:#}") },
        };
        let options = GalleryOptions::default();
        let galleries = Galleries::draw(vectors, &people, &options);
        if galleries.is_empty() {
            let smallest = options.sizes.iter().min().unwrap_or(&0);
            return Self::NotMeasured {
                not_measured: format!(
                    "the photos show too few people for a gallery of {smallest} and strangers"
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
