//! The distances that a calibration rests on, counted, with resamples of them.
//!
//! Two sources, which differ in what is independent and so in the resampling:
//!
//! | source | resampled by bootstrap | file |
//! | --- | --- | --- |
//! | all pairs of labeled images | people | `distances/all_pairs.rs` |
//! | a list of pairs | pairs | `distances/listed.rs` |
//!
//! Resamples stand side by side in lanes, the sample itself in the first: a pair is
//! then added to all of them by one short loop.

mod all_pairs;
mod listed;

use rayon::prelude::*;

use super::grid::{self, BINS};

/// Resamples. With the sample itself they fill a whole number of blocks.
pub(super) const REPLICATES: usize = 8 * LANES - 1;
/// Resamples that are counted together: few enough that a block's counts stay in
/// the processor's cache.
const LANES: usize = 64;

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
    pairing: Pairing,
    blocks: Vec<Block>,
    pictures: usize,
    people: usize,
}

/// Counts of [`LANES`] samples.
#[derive(Clone, Debug)]
struct Block {
    genuine: Lanes,
    impostor: Lanes,
}

/// A count a bin and lane.
type Lanes = Vec<[u32; LANES]>;

/// What one sample holds, by bin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Pairs of one person.
    pub(super) genuine: Vec<u32>,
    /// Pairs of two people.
    pub(super) impostor: Vec<u32>,
}

impl Distances {
    /// Where they come from.
    pub fn pairing(&self) -> Pairing {
        self.pairing
    }

    /// Different images among the pairs; 0 where that is not known.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// Different people among the pairs; 0 where that is not known.
    pub fn people(&self) -> usize {
        self.people
    }

    /// Pairs of one person and of two.
    pub fn totals(&self) -> [u64; 2] {
        self.sample(0).totals()
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
    fn all() -> Vec<Self> {
        let empty = || vec![[0; LANES]; BINS];
        let block = || Self { genuine: empty(), impostor: empty() };
        (0..(REPLICATES + 1) / LANES).map(|_| block()).collect()
    }
}
