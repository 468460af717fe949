//! Listed pairs, resampled by pairs.

use tensor::Random;

use super::super::{CalibrationError, grid};
use super::{Block, Distances, LANES, Pairing, REPLICATES};
use crate::evaluation::Comparison;

/// Draws the same pairs on every run.
const SEED: u64 = 0x0b00_7574_7261_7002;

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
        Ok(Self { pairing: Pairing::Listed, blocks, pictures: 0, people: 0 })
    }
}
