//! Which optimizer, and its constants.

use autograd::optimizer::{Adam, AdamW, Algorithm, Muon, Sgd};
use serde::{Deserialize, Serialize};
use tensor::Precision;

use crate::error::OptionsError;

/// Which optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum OptimizerOptions {
    /// Gradient descent with momentum.
    Sgd {
        /// Part of the velocity that is kept.
        momentum: f64,
        /// Nesterov's form.
        nesterov: bool,
    },
    /// Adam, weight decay added to the gradient.
    Adam {
        /// Part of the mean gradient that is kept.
        beta1: f64,
        /// Part of the mean squared gradient that is kept.
        beta2: f64,
        /// Keeps the quotient small.
        epsilon: f64,
    },
    /// Adam with decoupled weight decay.
    AdamW {
        /// Part of the mean gradient that is kept.
        beta1: f64,
        /// Part of the mean squared gradient that is kept.
        beta2: f64,
        /// Keeps the quotient small.
        epsilon: f64,
    },
    /// Orthogonal steps for matrices, AdamW with its constants for vectors.
    Muon {
        /// Part of the velocity that is kept.
        momentum: f64,
    },
}

impl OptimizerOptions {
    /// Momentum 0.9.
    pub fn sgd() -> Self {
        let Sgd { momentum, nesterov } = Sgd::default();
        Self::Sgd { momentum, nesterov }
    }

    /// The paper's constants.
    pub fn adam() -> Self {
        let Adam { beta1, beta2, epsilon } = Adam::default();
        Self::Adam { beta1, beta2, epsilon }
    }

    /// Adam's constants.
    pub fn adamw() -> Self {
        let AdamW { beta1, beta2, epsilon } = AdamW::default();
        Self::AdamW { beta1, beta2, epsilon }
    }

    /// Momentum 0.95.
    pub fn muon() -> Self {
        Self::Muon { momentum: Muon::default().momentum }
    }

    /// `precision` is that of the products that Muon's steps need.
    pub(crate) fn algorithm(self, precision: Precision) -> Algorithm {
        match self {
            Self::Sgd { momentum, nesterov } => Sgd { momentum, nesterov }.into(),
            Self::Adam { beta1, beta2, epsilon } => Adam { beta1, beta2, epsilon }.into(),
            Self::AdamW { beta1, beta2, epsilon } => AdamW { beta1, beta2, epsilon }.into(),
            Self::Muon { momentum } => Muon { momentum, precision, ..Muon::default() }.into(),
        }
    }

    pub(crate) fn check(self) -> Result<(), OptionsError> {
        let share = |option, value: f64| {
            OptionsError::check(option, value, "0 to below 1", (0.0..1.0).contains(&value))
        };
        match self {
            Self::Sgd { momentum, .. } | Self::Muon { momentum } => {
                share("optimizer.momentum", momentum)
            }
            Self::Adam { beta1, beta2, epsilon } | Self::AdamW { beta1, beta2, epsilon } => {
                share("optimizer.beta1", beta1)?;
                share("optimizer.beta2", beta2)?;
                let right = epsilon > 0.0 && epsilon <= 1.0;
                OptionsError::check("optimizer.epsilon", epsilon, "above 0 to 1", right)
            }
        }
    }
}
