//! The distances that a calibration rests on, counted, with resamples of them.
//!
//! Two sources, which differ in what is independent and so in the resampling:
//!
//! | source | resampled by bootstrap | file |
//! | --- | --- | --- |
//! | all pairs of labeled images | people | `all_pairs.rs` |
//! | a list of pairs | pairs | here |
//!
//! Resamples stand side by side in lanes, the sample itself in the first: a pair is
//! then added to all of them by one short loop.

use rayon::prelude::*;
use tensor::Random;

use super::CalibrationError;
use super::grid::{self, BINS};
use crate::evaluation::Comparison;

/// Resamples. With the sample itself they fill a whole number of blocks.
pub(super) const REPLICATES: usize = 8 * LANES - 1;
/// Resamples that are counted together: few enough that a block's counts stay in
/// the processor's cache.
pub(super) const LANES: usize = 64;

/// Draws the same pairs on every run.
const SEED: u64 = 0x0b00_7574_7261_7002;

/// Where the distances come from, which decides how uncertain a rate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pairing {
    /// All pairs of the images. They share images and people, so they are not
    /// independent: intervals are by a bootstrap over people.
    All,
    /// Listed pairs, taken as independent: intervals of rates are Wilson's.
    Listed,
}

/// Counted distances of pairs of one person and of two.
#[derive(Clone, Debug)]
pub struct Distances {
    pub(super) pairing: Pairing,
    pub(super) blocks: Vec<Block>,
    pub(super) images: usize,
    pub(super) people: usize,
}

/// Counts of [`LANES`] samples.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) genuine: Lanes,
    pub(super) impostor: Lanes,
}

/// A count a bin and lane.
pub(super) type Lanes = Vec<[u32; LANES]>;

/// Counts of one sample, by bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Pairs of one person.
    pub(super) genuine: Vec<u32>,
    /// Pairs of two people.
    pub(super) impostor: Vec<u32>,
}

impl Distances {
    /// The comparisons of a list; failures are left out, since a distance that is
    /// not there is on no side of a threshold.
    ///
    /// # Errors
    /// When a distance is not from 0 to 2, or there is no pair of one person, or
    /// none of two.
    pub fn listed(comparisons: &[Comparison]) -> Result<Self, CalibrationError> {
        let mut pairs = Vec::with_capacity(comparisons.len());
        for (position, comparison) in comparisons.iter().enumerate() {
            let Some(distance) = comparison.distance else { continue };
            // Rounding brings opposite vectors a little over 2 apart.
            if !(0.0..=2.001).contains(&distance) {
                return Err(CalibrationError::Distance { position, found: distance });
            }
            pairs.push((grid::bin(distance as f32), comparison.same));
        }
        let genuine = pairs.iter().filter(|(_, same)| *same).count() as u64;
        let impostor = pairs.len() as u64 - genuine;
        if genuine == 0 || impostor == 0 {
            return Err(CalibrationError::OneSided { genuine, impostor });
        }
        let mut blocks = Block::all();
        let mut random = Random::new(SEED);
        for number in 0..=REPLICATES {
            let (block, lane) = (&mut blocks[number / LANES], number % LANES);
            for own in 0..pairs.len() {
                let drawn = if number == 0 { own } else { random.below(pairs.len()) };
                let (bin, same) = pairs[drawn];
                let side = if same { &mut block.genuine } else { &mut block.impostor };
                side[bin][lane] += 1;
            }
        }
        Ok(Self { pairing: Pairing::Listed, blocks, images: 0, people: 0 })
    }

    /// Where they come from.
    pub fn pairing(&self) -> Pairing {
        self.pairing
    }

    /// Different images among the pairs; 0 where that is not known.
    pub fn images(&self) -> usize {
        self.images
    }

    /// Different people among the pairs; 0 where that is not known.
    pub fn people(&self) -> usize {
        self.people
    }

    /// Pairs of one person and of two.
    pub fn totals(&self) -> [u64; 2] {
        self.sample(0).totals()
    }

    /// Mean distance of pairs of one person, and of two, to a thousandth.
    pub(crate) fn means(&self) -> [f64; 2] {
        let Sample { genuine, impostor } = self.sample(0);
        [genuine, impostor].map(|bins| {
            let pairs: f64 = bins.iter().map(|&count| f64::from(count)).sum();
            let sum: f64 = bins
                .iter()
                .enumerate()
                .map(|(bin, &count)| f64::from(count) * grid::middle(bin))
                .sum();
            sum / pairs
        })
    }

    /// The sample itself is number 0, resamples follow.
    pub(super) fn sample(&self, number: usize) -> Sample {
        let (block, lane) = (&self.blocks[number / LANES], number % LANES);
        let of = |lanes: &Lanes| lanes.iter().map(|bin| bin[lane]).collect();
        Sample { genuine: of(&block.genuine), impostor: of(&block.impostor) }
    }

    /// `measure` of every resample that has pairs of both kinds.
    pub(super) fn resamples<T: Send>(&self, measure: impl Fn(&Sample) -> T + Sync) -> Vec<T> {
        let measured = (1..=REPLICATES).into_par_iter().filter_map(|number| {
            let sample = self.sample(number);
            (!sample.totals().contains(&0)).then(|| measure(&sample))
        });
        measured.collect()
    }
}

impl Sample {
    /// Pairs of one person and of two.
    pub(super) fn totals(&self) -> [u64; 2] {
        [&self.genuine, &self.impostor].map(|bins| bins.iter().map(|&n| u64::from(n)).sum())
    }

    /// Pairs of one person and of two that each threshold of the grid accepts.
    pub(super) fn accepted(&self) -> [Vec<u64>; 2] {
        [&self.genuine, &self.impostor].map(|bins| {
            let running = bins[..=grid::LAST].iter().scan(0, |sum, &n| {
                *sum += u64::from(n);
                Some(*sum)
            });
            running.collect()
        })
    }
}

impl Block {
    pub(super) fn all() -> Vec<Self> {
        let empty = || vec![[0; LANES]; BINS];
        let block = || Self { genuine: empty(), impostor: empty() };
        (0..(REPLICATES + 1) / LANES).map(|_| block()).collect()
    }
}
