//! Learning rate schedules.
//!
//! A schedule is a function of the number of the step and has no state, so a resumed run
//! has the same rates.

use std::f64::consts::PI;

/// The learning rate as a function of the step.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Schedule {
    /// The same at every step.
    Constant {
        /// The rate.
        rate: f64,
    },
    /// A linear warm-up, then a decrease along half a cosine wave (Loshchilov and
    /// Hutter, "SGDR", 2017, eq. 5, without restarts).
    Cosine {
        /// The rate after the warm-up.
        peak: f64,
        /// The rate at the end and thereafter.
        floor: f64,
        /// Steps of the warm-up. The first has the rate `peak / warm_up`, because a step with
        /// a rate of zero would be wasted.
        warm_up: u64,
        /// Steps of the whole training.
        steps: u64,
    },
    /// A decrease by a factor at regular intervals.
    Step {
        /// The initial rate.
        rate: f64,
        /// The factor of each decrease.
        factor: f64,
        /// Steps between decreases; zero for a constant rate.
        every: u64,
    },
}

impl Schedule {
    /// The learning rate of step number `step`, the first being 0.
    ///
    /// ```
    /// use autograd::Schedule;
    ///
    /// let schedule = Schedule::Cosine { peak: 1.0, floor: 0.0, warm_up: 10, steps: 110 };
    /// assert_eq!([0, 9, 10, 110].map(|step| schedule.rate(step)), [0.1, 1.0, 1.0, 0.0]);
    /// assert!((schedule.rate(60) - 0.5).abs() < 1e-15);
    /// ```
    #[must_use]
    pub fn rate(&self, step: u64) -> f64 {
        match *self {
            Self::Constant { rate } => rate,
            Self::Cosine { peak, warm_up, .. } if step < warm_up => {
                peak * (step + 1) as f64 / warm_up as f64
            }
            Self::Cosine { floor, steps, .. } if step >= steps => floor,
            Self::Cosine { peak, floor, warm_up, steps } => {
                let progress = (step - warm_up) as f64 / (steps - warm_up) as f64;
                floor + (peak - floor) * (0.5 + 0.5 * (PI * progress).cos())
            }
            Self::Step { rate, factor, every } => {
                let decreases = step.checked_div(every).unwrap_or(0);
                rate * factor.powf(decreases as f64)
            }
        }
    }
}
