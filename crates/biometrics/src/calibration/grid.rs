//! The thresholds that distances are counted against: every thousandth from 0 to 2.
//!
//! Distances of unit vectors lie in `0..=2`, and a thousandth changes a rate by
//! two parts in a hundred at most. Counting on a grid keeps tens of millions of
//! comparisons in a few kilobytes, and counts at its thresholds are exact.

use facenet::matching::Threshold;

/// Thresholds a unit of distance.
const PER_UNIT: usize = 1000;
/// The last threshold, 2.
pub(super) const LAST: usize = 2 * PER_UNIT;
/// Bins: one a threshold, and one for what none accepts.
pub(super) const BINS: usize = LAST + 2;

/// Threshold number `index`, at most [`LAST`].
pub(super) fn accepting(index: usize) -> Threshold {
    Threshold::new(threshold(index)).expect("the grid's thresholds are from 0 to 2")
}

/// The same as a number.
pub(super) fn threshold(index: usize) -> f32 {
    index as f32 / PER_UNIT as f32
}

/// The number of the smallest threshold that accepts `distance`, `LAST + 1` if none
/// does. Distances that rounding brought below 0 count as 0.
pub(super) fn bin(distance: f32) -> usize {
    let distance = distance.max(0.0);
    let mut index = ((distance * PER_UNIT as f32) as usize).min(LAST) + 1;
    // The product is rounded; the comparison that decides is the matching's own.
    if distance < threshold(index - 1) {
        index -= 1;
    } else if index <= LAST && distance >= threshold(index) {
        index += 1;
    }
    index
}

/// The middle of the distances in a bin.
pub(super) fn middle(bin: usize) -> f64 {
    (bin as f64 - 0.5).max(0.0) / PER_UNIT as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bin_is_the_first_threshold_that_accepts() {
        let slow = |d: f32| (0..=LAST).find(|&k| d < threshold(k)).unwrap_or(LAST + 1);
        for k in 0..=LAST {
            for d in [threshold(k).next_down(), threshold(k), threshold(k).next_up()] {
                assert_eq!(bin(d), slow(d.max(0.0)), "{d}");
            }
        }
        assert_eq!((bin(-1e-9), bin(0.0), bin(2.0), bin(2.1)), (1, 1, LAST + 1, LAST + 1));
    }
}
