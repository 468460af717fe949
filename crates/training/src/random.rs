//! Random numbers that depend on where they are used and on nothing else.
//!
//! Training has to give the same bits with any number of threads, and when it is
//! resumed. So there is no generator that is carried along: every image of
//! every step starts its own, from the seed, the purpose, the step and the place.

use tensor::Random;

/// Purpose of random numbers. Different purposes never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    // 1 is the model's own, for weights to begin with.
    /// The order of images or people; by epoch.
    Order = 2,
    /// Which images of a person; by batch.
    Choice = 3,
    /// Changes to an image; by batch and place in it.
    Augmentation = 4,
    /// Which people and pairs are held out.
    HeldOut = 5,
    /// Scenes of faces; by batch and place in it.
    Scene = 6,
    /// Scenes to measure on; by kind and place.
    Measure = 7,
}

/// The generator of one place.
pub(crate) fn at(seed: u64, purpose: Purpose, [first, second]: [u64; 2]) -> Random {
    Random::at(seed, &[purpose as u64, first, second])
}

/// Evenly from `low` up to `high`.
pub(crate) fn between(random: &mut Random, low: f64, high: f64) -> f64 {
    low + (high - low) * random.uniform()
}

/// Brings `count` items, or all, to the front, chosen evenly and in random order.
pub(crate) fn choose<T>(random: &mut Random, items: &mut [T], count: usize) {
    for first in 0..count.min(items.len()) {
        items.swap(first, first + random.below(items.len() - first));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_share_numbers() {
        let places = [[0, 0], [0, 1], [1, 0], [2, 0], [1, 1]];
        let mut first = Vec::new();
        for purpose in [Purpose::Order, Purpose::Choice] {
            for seed in [0, 1] {
                first.extend(places.map(|place| at(seed, purpose, place).bits()));
            }
        }
        let count = first.len();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), count);
    }

    #[test]
    fn choosing_brings_each_item_as_often() {
        let mut counts = [0_u32; 5];
        for place in 0..2000 {
            let mut items = [0, 1, 2, 3, 4];
            choose(&mut at(0, Purpose::Choice, [place, 0]), &mut items, 2);
            for item in &items[..2] {
                counts[*item] += 1;
            }
            items.sort_unstable();
            assert_eq!(items, [0, 1, 2, 3, 4]);
        }
        // 800 expected each, with a standard deviation of 22.
        assert!(counts.iter().all(|count| count.abs_diff(800) < 110), "{counts:?}");
        choose(&mut at(0, Purpose::Choice, [0, 0]), &mut [1, 2], 7);
        choose(&mut at(0, Purpose::Choice, [0, 0]), &mut [0; 0], 1);
    }
}
