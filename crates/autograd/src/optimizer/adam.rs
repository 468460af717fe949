//! Adam.

use rayon::prelude::*;
use tensor::Element;

use super::{Algorithm, CHUNK, Update};

/// With `g` the gradient plus `weight_decay x`, and `m` and `v` the running means of `g` and
/// `g²`: `x ← x - rate m̂ / (√v̂ + epsilon)`, where the hats correct the bias of means that
/// start at zero (Kingma and Ba, "Adam", 2015, algorithm 1).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Decay rate of `m`.
    pub beta1: f64,
    /// Decay rate of `v`.
    pub beta2: f64,
    /// Bounds the step where gradients are small.
    pub epsilon: f64,
}

impl Default for Adam {
    /// Those of the paper: 0.9, 0.999, 1e-8.
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl From<Adam> for Algorithm {
    fn from(adam: Adam) -> Self {
        Self::Adam(adam)
    }
}

/// The two forms of weight decay.
pub(super) struct Decay {
    /// Multiple of the value that is added to its gradient.
    pub(super) into_gradient: f64,
    /// Factor of the value before the step.
    pub(super) shrink: f64,
}

impl Adam {
    pub(super) fn update<T: Element>(
        self,
        update: Update,
        values: &mut [T],
        gradient: &[T],
        moments: [&mut [T]; 2],
    ) {
        let decay = Decay { into_gradient: update.weight_decay, shrink: 1.0 };
        self.update_decayed(update, &decay, values, gradient, moments);
    }

    /// The common loop of Adam and AdamW.
    pub(super) fn update_decayed<T: Element>(
        self,
        update: Update,
        decay: &Decay,
        values: &mut [T],
        gradient: &[T],
        [first, second]: [&mut [T]; 2],
    ) {
        let Self { beta1, beta2, epsilon } = self;
        let number = update.number as f64;
        let corrections = [beta1, beta2].map(|beta| 1.0 - beta.powf(number));
        let rate = T::from_f64(update.rate / corrections[0]);
        let root = T::from_f64(1.0 / corrections[1].sqrt());
        let [keep1, take1] = [beta1, 1.0 - beta1].map(T::from_f64);
        let [keep2, take2] = [beta2, 1.0 - beta2].map(T::from_f64);
        let [epsilon, into_gradient, shrink] =
            [epsilon, decay.into_gradient, decay.shrink].map(T::from_f64);
        let chunks = values.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        let moments = first.par_chunks_mut(CHUNK).zip(second.par_chunks_mut(CHUNK));
        chunks.zip(moments).for_each(|((values, gradient), (first, second))| {
            let moments = first.iter_mut().zip(second);
            for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments)
            {
                let gradient = *gradient + into_gradient * *value;
                *first = keep1 * *first + take1 * gradient;
                *second = keep2 * *second + take2 * gradient * gradient;
                *value = shrink * *value - rate * *first / (second.sqrt() * root + epsilon);
            }
        });
    }
}
