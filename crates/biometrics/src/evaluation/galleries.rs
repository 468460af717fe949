//! FPIR and FNIR in galleries of several sizes.
//!
//! Comparisons of pairs say little about a gallery: a stranger has as many chances to
//! be taken for somebody as there are people in it. So galleries are drawn and probed
//! (ISO/IEC 19795-1, open-set identification):
//!
//! | name | of | share that |
//! | --- | --- | --- |
//! | FPIR, false positive identification rate | probes of strangers | is taken for somebody |
//! | FNIR, false negative identification rate | probes of enrolled people | is not given their name |
//!
//! One image of each enrolled person is in the gallery, their others are probes.
//! People with several images are enrolled first, since others could not be probed;
//! of each stranger there is one probe. A probe without a face accepts nobody: a miss
//! for an enrolled person, no error for a stranger. Probes return in several galleries
//! and are then not independent, so intervals are a little too narrow.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;
use serde::Serialize;
use tensor::Random;

use super::{EvaluationError, Rate};
use crate::rate::{is_rate, most_events, trials_for};

/// Probes of one matrix product.
const PROBES: usize = 64;

/// Which galleries are drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct GalleryOptions {
    /// How many people are enrolled.
    pub sizes: Vec<usize>,
    /// False positive rates at which to state the false negative rate.
    pub fpirs: Vec<f64>,
    /// Galleries of each size.
    pub repeats: usize,
    /// Most probes of each kind in a gallery.
    pub probes: usize,
    /// The same seed draws the same galleries.
    pub seed: u64,
}

impl Default for GalleryOptions {
    /// 10, 100 and 1,000 people; 10 % and 1 %; ten galleries of 500 probes a kind.
    fn default() -> Self {
        Self {
            sizes: vec![10, 100, 1000],
            fpirs: vec![1e-1, 1e-2],
            repeats: 10,
            probes: 500,
            seed: 0,
        }
    }
}

/// Counts over the galleries of one size.
#[derive(Clone, Debug, PartialEq)]
pub struct Galleries {
    size: usize,
    repeats: usize,
    /// Distance of the nearest, and whether that is the right person; for a probe
    /// without a face nothing.
    enrolled: Vec<Option<(f64, bool)>>,
    /// Distance of the nearest.
    strangers: Vec<Option<f64>>,
}

/// The threshold for a false positive rate, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct IdentificationPoint {
    /// The false positive identification rate asked for.
    pub target: f64,
    /// The most permissive threshold that keeps it.
    pub threshold: f64,
    /// False positive identification rate there.
    pub fpir: Rate,
    /// False negative identification rate there.
    pub fnir: Rate,
}

impl Galleries {
    /// Draws galleries and probes them, for every size for which there are people
    /// enough: as many enrolled and a tenth as many strangers, with two people or
    /// more to probe.
    ///
    /// `vectors` holds each image's description, numbers or bytes, nothing where there
    /// is no face; `people` who is on it.
    ///
    /// # Panics
    /// When there are more or fewer people than vectors, or the vectors differ in
    /// length.
    pub fn draw<T: Copy + Into<f32> + Sync>(
        vectors: &[Option<&[T]>],
        people: &[usize],
        options: &GalleryOptions,
    ) -> Vec<Self> {
        assert_eq!(vectors.len(), people.len(), "one person a vector");
        let mut by_person: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (image, &person) in people.iter().enumerate() {
            by_person.entry(person).or_default().push(image);
        }
        let by_person: Vec<_> = by_person.into_values().collect();
        let several = by_person.iter().filter(|images| images.len() > 1).count();
        let probed = options.probes > 0 && options.repeats > 0 && several > 1;
        let enough = |size: usize| probed && by_person.len() >= size + (size / 10).max(2);
        let sizes = options.sizes.iter().filter(|&&size| size > 0 && enough(size));
        sizes.map(|&size| Self::of_size(size, vectors, &by_person, options)).collect()
    }

    fn of_size<T: Copy + Into<f32> + Sync>(
        size: usize,
        vectors: &[Option<&[T]>],
        by_person: &[Vec<usize>],
        options: &GalleryOptions,
    ) -> Self {
        let (mut enrolled, mut strangers) = (Vec::new(), Vec::new());
        for repeat in 0..options.repeats {
            let place = (size as u64) << 32 | repeat as u64;
            let mut random = Random::new(options.seed ^ Random::new(place).bits());
            let draw = Draw::new(size, by_person, options.probes, vectors, &mut random);
            let nearest = |probes: &[usize]| draw.nearest(probes, vectors);
            let probes: Vec<_> = draw.mates.iter().map(|&(image, _)| image).collect();
            for (nearest, (_, mate)) in nearest(&probes).into_iter().zip(&draw.mates) {
                enrolled.push(nearest.map(|(distance, entry)| (distance, Some(entry) == *mate)));
            }
            let found = nearest(&draw.strangers).into_iter();
            strangers.extend(found.map(|nearest| nearest.map(|(distance, _)| distance)));
        }
        Self { size, repeats: options.repeats, enrolled, strangers }
    }

    /// People enrolled in each.
    pub fn size(&self) -> usize {
        self.size
    }

    /// How many there are.
    pub fn repeats(&self) -> usize {
        self.repeats
    }

    /// Probes of enrolled people, over all galleries.
    pub fn enrolled(&self) -> usize {
        self.enrolled.len()
    }

    /// Probes of strangers, over all galleries.
    pub fn strangers(&self) -> usize {
        self.strangers.len()
    }

    /// Probes of either kind in which there is no face.
    pub fn failures(&self) -> usize {
        let enrolled = self.enrolled.iter().filter(|probe| probe.is_none()).count();
        enrolled + self.strangers.iter().filter(|probe| probe.is_none()).count()
    }

    /// Probes of enrolled people whose nearest in the gallery is themselves, whatever
    /// the distance.
    pub fn rank_one(&self) -> Rate {
        let right = self.enrolled.iter().filter(|p| matches!(p, Some((_, true)))).count();
        Rate::known(right, self.enrolled.len())
    }

    /// False positive identification rate: strangers with somebody below the
    /// threshold.
    pub fn fpir(&self, threshold: f64) -> Rate {
        let taken = self.strangers.iter().flatten().filter(|d| **d < threshold).count();
        Rate::known(taken, self.strangers.len())
    }

    /// False negative identification rate: enrolled people whose nearest is another,
    /// or not below the threshold.
    pub fn fnir(&self, threshold: f64) -> Rate {
        let named = self.enrolled.iter().flatten().filter(|(d, mate)| *mate && *d < threshold);
        Rate::known(named.count(), self.enrolled.len()).complement()
    }

    /// The largest threshold with FPIR ≤ `fpir`.
    ///
    /// # Errors
    /// When `fpir` is not above 0 and at most 1, or there are fewer than 3 / `fpir`
    /// probes of strangers.
    pub fn at_fpir(&self, fpir: f64) -> Result<IdentificationPoint, EvaluationError> {
        if !is_rate(fpir) {
            return Err(EvaluationError::Fpir { found: fpir });
        }
        let mut nearest: Vec<f64> = self.strangers.iter().flatten().copied().collect();
        nearest.sort_unstable_by(f64::total_cmp);
        let (needed, found) = (trials_for(fpir), nearest.len() as u64);
        if found < needed {
            return Err(EvaluationError::TooFewStrangers { fpir, needed, found });
        }
        let allowed = most_events(fpir, self.strangers.len() as u64) as usize;
        let beyond = || nearest.last().map_or(0.0, |last| last.next_up());
        let threshold = nearest.get(allowed).copied().unwrap_or_else(beyond);
        let (fpir_there, fnir) = (self.fpir(threshold), self.fnir(threshold));
        Ok(IdentificationPoint { target: fpir, threshold, fpir: fpir_there, fnir })
    }
}

/// One gallery and its probes.
struct Draw {
    /// A row a person who could be enrolled.
    gallery: Array2<f32>,
    /// Squared lengths of the rows.
    squares: Array1<f64>,
    /// Other images of enrolled people, with the row of the person, if there is one.
    mates: Vec<(usize, Option<usize>)>,
    strangers: Vec<usize>,
}

impl Draw {
    fn new<T: Copy + Into<f32>>(
        size: usize,
        by_person: &[Vec<usize>],
        probes: usize,
        vectors: &[Option<&[T]>],
        random: &mut Random,
    ) -> Self {
        let mut people: Vec<_> = by_person.iter().map(|images| images.to_vec()).collect();
        random.shuffle(&mut people);
        // Stable: in random order among those with several images, and the others.
        people.sort_by_key(|images| images.len() < 2);
        let others = people.split_off(size);
        let (mut rows, mut mates) = (Vec::new(), Vec::new());
        let mut length = 0;
        for mut images in people {
            random.shuffle(&mut images);
            let usable = images.iter().position(|&image| vectors[image].is_some());
            let row = usable.and_then(|usable| vectors[images.swap_remove(usable)]).map(|row| {
                length = row.len();
                rows.extend(row.iter().map(|&value| value.into()));
                rows.len() / length.max(1) - 1
            });
            mates.extend(images.into_iter().map(|image| (image, row)));
        }
        random.shuffle(&mut mates);
        mates.truncate(probes);
        let mut strangers: Vec<_> =
            others.iter().map(|images| images[random.below(images.len())]).collect();
        random.shuffle(&mut strangers);
        strangers.truncate(probes);
        let height = rows.len().checked_div(length).unwrap_or(0);
        let gallery = match Array2::from_shape_vec((height, length), rows) {
            Ok(gallery) => gallery,
            Err(error) => panic!("vectors of different lengths: {error}"),
        };
        let squares = gallery.rows().into_iter().map(|row| square(row.iter())).collect();
        Self { gallery, squares, mates, strangers }
    }

    /// Distance and row of the nearest in the gallery, for each probe with a face.
    fn nearest<T: Copy + Into<f32> + Sync>(
        &self,
        probes: &[usize],
        vectors: &[Option<&[T]>],
    ) -> Vec<Option<(f64, usize)>> {
        if self.gallery.is_empty() {
            return vec![None; probes.len()];
        }
        let of_chunk = |probes: &[usize]| -> Vec<Option<(f64, usize)>> {
            let length = self.gallery.len_of(Axis(1));
            let mut batch = Array2::zeros((probes.len(), length));
            for (mut row, &probe) in batch.rows_mut().into_iter().zip(probes) {
                if let Some(vector) = vectors[probe] {
                    row.iter_mut().zip(vector).for_each(|(to, &value)| *to = value.into());
                }
            }
            // probes × length · length × people
            let products = batch.dot(&self.gallery.t());
            let rows = products.rows().into_iter().zip(batch.rows()).zip(probes);
            rows.map(|((products, probe), &image)| {
                vectors[image]?;
                let own = square(probe.iter());
                let squared = products
                    .iter()
                    .zip(&self.squares)
                    .map(|(&product, other)| own + other - 2.0 * f64::from(product));
                let (entry, squared) = squared.enumerate().min_by(|a, b| a.1.total_cmp(&b.1))?;
                Some((squared.max(0.0).sqrt(), entry))
            })
            .collect()
        };
        probes.par_chunks(PROBES).flat_map_iter(of_chunk).collect()
    }
}

fn square<'a>(values: impl Iterator<Item = &'a f32>) -> f64 {
    values.map(|&value| f64::from(value).powi(2)).sum()
}
