//! Position of a training, and what follows from it: the share of the budget, the phase of the
//! learning rate, the decay of an average. The same for every trainer with a checkpoint.

use serde::{Deserialize, Serialize};

use super::trainer::Budget;

/// How far training is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Position {
    /// Batches so far, and so the number of the next.
    pub(super) step: u64,
    /// Time spent on them.
    pub(super) seconds: f64,
    /// Batches that went into the running statistics since random weights; large
    /// where training began with weights.
    pub(super) absorbed: u64,
    /// Images that were trained on, counted each time.
    pub(super) shown: u64,
}

impl Position {
    /// Share of the budget that is spent, 0 to 1; `steps_of` has the whole batches of a number
    /// of epochs.
    pub(super) fn progress(&self, budget: Budget, steps_of: impl Fn(f64) -> u64) -> f64 {
        let (spent, amount) = match budget {
            Budget::Steps(steps) => (self.step as f64, steps as f64),
            Budget::Epochs(epochs) => (self.step as f64, steps_of(epochs) as f64),
            Budget::Minutes(minutes) => (self.seconds, 60.0 * minutes),
        };
        if spent < amount { spent / amount } else { 1.0 }
    }

    /// The steps that the budget comes to; of minutes as many as there will be if they go on
    /// taking as long.
    pub(super) fn steps(&self, budget: Budget, steps_of: impl Fn(f64) -> u64) -> u64 {
        match budget {
            Budget::Steps(steps) => steps,
            Budget::Epochs(epochs) => steps_of(epochs),
            Budget::Minutes(_) => match self.progress(budget, steps_of) {
                0.0 => u64::MAX,
                progress => (self.step as f64 / progress).round() as u64,
            },
        }
    }

    /// Counts a batch that goes into the running statistics, and returns its share in them:
    /// `least`, or more while there have been few.
    pub(super) fn absorb(&mut self, least: f64) -> f64 {
        self.absorbed += 1;
        (1.0 / self.absorbed as f64).max(least)
    }

    /// The part of the moving average that a step keeps: `decay`, or less while there have been
    /// few, so that it forgets what it began with.
    pub(super) fn kept(&self, decay: f64) -> f64 {
        let n = self.step as f64;
        decay.min((1.0 + n) / (10.0 + n))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_spent_by_steps_epochs_or_minutes() {
        let position = Position { step: 30, seconds: 90.0, ..Position::default() };
        let ten_each = |epochs: f64| (10.0 * epochs) as u64;
        for (budget, progress, steps) in [
            (Budget::Steps(60), 0.5, 60),
            (Budget::Epochs(12.0), 0.25, 120),
            (Budget::Minutes(3.0), 0.5, 60),
            (Budget::Steps(20), 1.0, 20),
            (Budget::Minutes(0.0), 1.0, 30),
        ] {
            assert_eq!(position.progress(budget, ten_each), progress, "{budget:?}");
            assert_eq!(position.steps(budget, ten_each), steps, "{budget:?}");
        }
        assert_eq!(Position::default().steps(Budget::Minutes(1.0), ten_each), u64::MAX);
    }

    #[test]
    fn shares_begin_large_and_averages_forget_their_beginning() {
        let mut position = Position::default();
        let shares = [0; 4].map(|_| position.absorb(0.3));
        assert_eq!(shares, [1.0, 0.5, 1.0 / 3.0, 0.3]);
        assert_eq!(position.kept(0.999), 0.1);
        assert_eq!(Position { step: 1_000_000, ..position }.kept(0.999), 0.999);
    }
}
