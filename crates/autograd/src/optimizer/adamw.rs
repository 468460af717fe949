//! Adam with decoupled weight decay.

use tensor::Element;

use super::adam::{Adam, Decay};
use super::{Algorithm, Update};

/// [`Adam`] with the weight decay applied to the value itself, which is multiplied by
/// `1 - rate weight_decay` before the step, so that Adam's moments do not scale the decay
/// (Loshchilov and Hutter, "Decoupled weight decay regularization", 2019, algorithm 2, in
/// PyTorch's form).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay rate of the mean gradient.
    pub beta1: f64,
    /// Decay rate of the mean squared gradient.
    pub beta2: f64,
    /// Bounds the step where gradients are small.
    pub epsilon: f64,
}

impl Default for AdamW {
    /// 0.9, 0.999, 1e-8.
    fn default() -> Self {
        let Adam { beta1, beta2, epsilon } = Adam::default();
        Self { beta1, beta2, epsilon }
    }
}

impl From<AdamW> for Algorithm {
    fn from(adamw: AdamW) -> Self {
        Self::AdamW(adamw)
    }
}

impl AdamW {
    pub(super) fn update<T: Element>(
        self,
        update: Update,
        values: &mut [T],
        gradient: &[T],
        moments: [&mut [T]; 2],
    ) {
        let Self { beta1, beta2, epsilon } = self;
        let shrink = 1.0 - update.rate * update.weight_decay;
        let decay = Decay { into_gradient: 0.0, shrink };
        Adam { beta1, beta2, epsilon }.update_decayed(update, &decay, values, gradient, moments);
    }
}
