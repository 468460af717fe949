//! Stochastic gradient descent with momentum.

use rayon::prelude::*;
use tensor::Element;

use super::{Algorithm, CHUNK, Update};

/// `velocity ← momentum velocity + g`, `x ← x - rate velocity`, with `g` the gradient
/// plus `weight_decay x` (Polyak, "Some methods of speeding up the convergence of
/// iteration methods", 1964, in PyTorch's form).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Decay rate of the velocity; zero for plain gradient descent.
    pub momentum: f64,
    /// Whether to step by `g + momentum velocity`, as Nesterov does (Sutskever et al., "On
    /// the importance of initialization and momentum in deep learning", 2013).
    pub nesterov: bool,
}

impl Default for Sgd {
    /// Momentum 0.9, not Nesterov's form.
    fn default() -> Self {
        Self { momentum: 0.9, nesterov: false }
    }
}

impl From<Sgd> for Algorithm {
    fn from(sgd: Sgd) -> Self {
        Self::Sgd(sgd)
    }
}

impl Sgd {
    pub(super) fn update<T: Element>(
        self,
        update: Update,
        values: &mut [T],
        gradient: &[T],
        velocity: &mut [T],
    ) {
        let [rate, decay, momentum] =
            [update.rate, update.weight_decay, self.momentum].map(T::from_f64);
        let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        chunks.zip(velocity.par_chunks_mut(CHUNK)).for_each(|((values, gradient), velocity)| {
            for ((value, gradient), velocity) in values.iter_mut().zip(gradient).zip(velocity) {
                let gradient = *gradient + decay * *value;
                *velocity = momentum * *velocity + gradient;
                let step = if self.nesterov { gradient + momentum * *velocity } else { *velocity };
                *value -= rate * step;
            }
        });
    }
}
