//! What training makes small, as functions on the tape.
//!
//! | loss | file | learns from |
//! | --- | --- | --- |
//! | triplet | `losses/triplet.rs` | who is on which picture |
//! | distillation | `losses/distillation.rs` | another network's encodings |

mod distillation;
mod triplet;

pub use distillation::distillation;
pub use triplet::{Reduction, triplet};

use serde::{Deserialize, Serialize};

use super::error::OptionsError;
use super::mining::Mining;
use crate::triplet::MARGIN;

/// Which loss, with its options.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// See [`triplet()`].
    Triplet {
        /// How much nearer than a negative a positive shall be, squared distance.
        margin: f64,
        /// Sum or mean over the triplets.
        reduction: Reduction,
        /// Which triplets of a batch.
        mining: Mining,
    },
    /// See [`distillation()`].
    Distillation {
        /// Weight of the match of pairwise similarities.
        similarity_weight: f64,
    },
}

impl Loss {
    /// The notebook's margin, the mean over semi-hard triplets.
    pub fn triplet() -> Self {
        let (reduction, mining) = (Reduction::Mean, Mining::SemiHard);
        Self::Triplet { margin: MARGIN, reduction, mining }
    }

    /// The weight that the shipped weights were made with.
    pub fn distillation() -> Self {
        Self::Distillation { similarity_weight: 8.0 }
    }

    pub(super) fn check(self) -> Result<(), OptionsError> {
        match self {
            // Squared distances on the unit sphere are at most 4.
            Self::Triplet { margin, .. } => {
                let right = (0.0..=4.0).contains(&margin);
                OptionsError::check("loss.margin", margin, "0 to 4", right)
            }
            Self::Distillation { similarity_weight: weight } => {
                let right = (0.0..=1e6).contains(&weight);
                OptionsError::check("loss.similarity_weight", weight, "0 to 1000000", right)
            }
        }
    }
}
