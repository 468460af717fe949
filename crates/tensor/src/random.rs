//! A small random number generator whose state can be saved.
//!
//! It is not for secrets, but for initial values, examples and tests, where the same seed
//! must give the same numbers on every machine and in every version.

/// `SplitMix64` (Steele, Lea and Flood, "Fast splittable pseudorandom number
/// generators", 2014): one word of state, one number a step.
///
/// ```
/// use tensor::Random;
///
/// let mut random = Random::new(7);
/// let first = random.uniform();
/// let mut resumed = Random::new(random.state());
/// assert_eq!(random.uniform(), resumed.uniform());
/// assert_eq!(Random::new(7).uniform(), first);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator that starts from `seed`, or continues from a saved [state](Self::state).
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A generator for one place of a computation. Its first state is a hash, by the
    /// generator's own mixing function, of the seed and of all numbers that name the place:
    /// the same ones give the same numbers, in any order of computing, and different places
    /// share none.
    #[must_use]
    pub fn at(seed: u64, place: &[u64]) -> Self {
        let mix = |word| Self::new(word).bits();
        Self::new(place.iter().fold(mix(seed), |hash, &number| mix(hash ^ mix(number))))
    }

    /// The complete state.
    #[must_use]
    pub const fn state(&self) -> u64 {
        self.state
    }

    /// 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// Uniformly distributed from 0 (inclusive) to 1 (exclusive).
    pub const fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Normally distributed with mean 0 and variance 1 (Box and Muller, 1958).
    pub fn normal(&mut self) -> f64 {
        // The argument is never zero, whose logarithm is infinite.
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// An integer below `end`, uniformly distributed up to one part in 2⁶⁴ / `end`.
    ///
    /// # Panics
    /// If `end` is zero.
    pub const fn below(&mut self, end: usize) -> usize {
        assert!(end > 0, "Random::below: there is no number below zero");
        // The bits are a fraction of 2⁶⁴: the upper half of the product is the number.
        ((self.bits() as u128 * end as u128) >> 64) as usize
    }

    /// Puts `values` in a random order (Fisher and Yates).
    pub fn shuffle<V>(&mut self, values: &mut [V]) {
        for last in (1..values.len()).rev() {
            values.swap(last, self.below(last + 1));
        }
    }
}
