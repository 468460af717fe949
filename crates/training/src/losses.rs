//! Loss functions, of variables on the tape.
//!
//! | loss | file | learns from |
//! | --- | --- | --- |
//! | triplet | `facenet::triplet` | who is on which image |
//! | distillation | `losses/distillation.rs` | another network's encodings |
//! | margin softmax | `losses/margin_softmax.rs` | centers of people's targets, beside distillation |

mod distillation;
mod margin_softmax;

pub use distillation::distillation;
pub use margin_softmax::{MarginOptions, margin_softmax};

use facenet::triplet::{MARGIN, Mining, Reduction};
use serde::{Deserialize, Serialize};

use super::error::OptionsError;

/// Which loss, with its options.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Loss {
    /// See [`batch_loss`](facenet::triplet::batch_loss).
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
        /// A margin softmax against the centers of people's targets beside it.
        margin: Option<MarginOptions>,
    },
}

impl Loss {
    /// The notebook's margin, the mean over semi-hard triplets.
    pub fn triplet() -> Self {
        let (reduction, mining) = (Reduction::Mean, Mining::SemiHard);
        Self::Triplet { margin: MARGIN, reduction, mining }
    }

    /// The weight that the shipped weights were made with: 4 in a space whose cosines
    /// have the spread of 1. The targets' cosines have a spread of 0.62², a loss of
    /// cosines shrinks by that and one of their squares by its square, so 4 / 0.62².
    pub fn distillation() -> Self {
        Self::Distillation { similarity_weight: 10.4, margin: None }
    }

    pub(super) fn check(self) -> Result<(), OptionsError> {
        match self {
            // Squared distances on the unit sphere are at most 4.
            Self::Triplet { margin, .. } => {
                let right = (0.0..=4.0).contains(&margin);
                OptionsError::check("loss.margin", margin, "0 to 4", right)
            }
            Self::Distillation { similarity_weight: weight, margin } => {
                let right = (0.0..=1e6).contains(&weight);
                OptionsError::check("loss.similarity_weight", weight, "0 to 1000000", right)?;
                margin.map_or(Ok(()), MarginOptions::check)
            }
        }
    }
}
