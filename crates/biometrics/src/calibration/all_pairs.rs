//! Every pair among images of known people, resampled by people.
//!
//! Pairs that share a person are alike: one person whom the network confuses with
//! many brings many false matches at once. A bootstrap over pairs would not see
//! that and promise too much. So people are drawn with replacement (Bolle,
//! Ratha and Pankanti, "Error analysis of pattern recognition systems: the subsets
//! bootstrap", 2004; Poh and Bengio 2007 for both sides of a pair): a person drawn w
//! times brings pairs of their own w times and pairs with another v·w times.

use facenet::matching::Encoding;
use facenet::network::ENCODING_LENGTH;
use ndarray::{Array2, Axis, Slice};
use rayon::prelude::*;
use tensor::Random;

use super::distances::{Block, Distances, LANES, Pairing, REPLICATES};
use super::{CalibrationError, grid};

/// Images that are compared with all later ones between two reports of progress.
const ROWS: usize = 256;
/// Rows of one matrix product.
const PRODUCT: usize = 32;
/// Draws the same people on every run.
const SEED: u64 = 0x0b00_7574_7261_7001;

/// How often each person is drawn in each lane.
type Draws = Vec<[u16; LANES]>;

impl Distances {
    /// Compares every image with every other; `people` says who is on each, by
    /// numbers of any kind. `progress` is called with the number of images
    /// compared so far. Time grows with the square of the images: 7,701 take some seconds.
    ///
    /// # Errors
    /// When there are more or fewer people than encodings, or no pair of one person,
    /// or none of two.
    pub fn all_pairs(
        encodings: &[Encoding],
        people: &[usize],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Self, CalibrationError> {
        if encodings.len() != people.len() {
            let (encodings, people) = (encodings.len(), people.len());
            return Err(CalibrationError::Labels { encodings, people });
        }
        let numbers = dense(people);
        let count = numbers.iter().max().map_or(0, |last| last + 1);
        let mut lanes: Vec<_> = Block::all()
            .into_iter()
            .zip(draws(count))
            .map(|(b, d)| Lane { block: b, draws: d })
            .collect();
        let matrix = matrix(encodings);
        let mut bins = vec![0_u16; ROWS * encodings.len()];
        for first in (0..encodings.len()).step_by(ROWS) {
            let rows = first..(first + ROWS).min(encodings.len());
            let width = encodings.len() - first;
            compare(&matrix, rows.clone(), &mut bins[..rows.len() * width]);
            lanes.par_iter_mut().for_each(|lane| {
                for (row, bins) in rows.clone().zip(bins.chunks_exact(width)) {
                    lane.add(row, &numbers, &bins[row - first + 1..]);
                }
            });
            progress(rows.end);
        }
        let blocks = lanes.into_iter().map(|lane| lane.block).collect();
        let (images, pairing) = (encodings.len(), Pairing::All);
        let distances = Self { pairing, blocks, images, people: count };
        match distances.totals() {
            [0, impostor] => Err(CalibrationError::OneSided { genuine: 0, impostor }),
            [genuine, 0] => Err(CalibrationError::OneSided { genuine, impostor: 0 }),
            _ => Ok(distances),
        }
    }
}

/// A block and the draws of its lanes.
struct Lane {
    block: Block,
    draws: Draws,
}

impl Lane {
    /// Adds the pairs of image `row` with those after it. Nothing wraps: a bin holds
    /// 2³² pairs, those of a hundred thousand images and more. Unchecked sums are
    /// taken in whole vectors, in every profile.
    fn add(&mut self, row: usize, people: &[usize], bins: &[u16]) {
        let own = &self.draws[people[row]];
        for (&other, &bin) in people[row + 1..].iter().zip(bins) {
            if other == people[row] {
                let sums = &mut self.block.genuine[usize::from(bin)];
                for lane in 0..LANES {
                    sums[lane] = sums[lane].wrapping_add(own[lane].into());
                }
            } else {
                let sums = &mut self.block.impostor[usize::from(bin)];
                let others = &self.draws[other];
                for lane in 0..LANES {
                    // Two people, each drawn up to 255 times: 16 bits hold the product.
                    let pairs = own[lane].wrapping_mul(others[lane]);
                    sums[lane] = sums[lane].wrapping_add(pairs.into());
                }
            }
        }
    }
}

/// The bin of every distance between `rows` and the images from the first of
/// them on, row by row.
fn compare(matrix: &Array2<f64>, rows: std::ops::Range<usize>, bins: &mut [u16]) {
    let columns = matrix.slice_axis(Axis(0), Slice::from(rows.start..));
    let width = columns.len_of(Axis(0));
    let squares: Vec<f64> = columns.rows().into_iter().map(|row| row.dot(&row)).collect();
    let products = bins.par_chunks_mut(PRODUCT * width).enumerate();
    products.for_each(|(piece, bins)| {
        let first = piece * PRODUCT;
        let rows = columns.slice_axis(Axis(0), Slice::from(first..first + bins.len() / width));
        // m × 128 · 128 × width
        let product = rows.dot(&columns.t());
        for ((row, cosines), bins) in product.outer_iter().enumerate().zip(bins.chunks_mut(width)) {
            for ((bin, cosine), square) in bins.iter_mut().zip(cosines).zip(&squares) {
                let distance = (squares[first + row] + square - 2.0 * cosine).max(0.0).sqrt();
                *bin = grid::bin(distance as f32) as u16;
            }
        }
    });
}

fn matrix(encodings: &[Encoding]) -> Array2<f64> {
    Array2::from_shape_fn((encodings.len(), ENCODING_LENGTH), |(row, column)| {
        f64::from(encodings[row].values()[column])
    })
}

/// People numbered from 0 in the order of their numbers.
fn dense(people: &[usize]) -> Vec<usize> {
    let mut known = people.to_vec();
    known.sort_unstable();
    known.dedup();
    // Every number is known.
    people.iter().map(|person| known.partition_point(|other| other < person)).collect()
}

/// For each block, how often each of `people` is drawn in each lane; once each in
/// the very first, which is the sample itself.
fn draws(people: usize) -> Vec<Draws> {
    let mut random = Random::new(SEED);
    let blocks = REPLICATES.div_ceil(LANES);
    let mut draws = vec![vec![[0_u16; LANES]; people]; blocks];
    for (number, draws) in draws.iter_mut().enumerate() {
        for lane in 0..LANES {
            for person in 0..people {
                let sample = (number, lane) == (0, 0);
                let drawn = if sample { person } else { random.below(people) };
                draws[drawn][lane] = (draws[drawn][lane] + 1).min(255);
            }
        }
    }
    draws
}
