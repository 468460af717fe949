//! The 224 tensors of the network: what must be in a folder of weights.

use super::{Architecture, Variant};

/// Whether training changes a tensor by its gradient or by averaging batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorRole {
    /// Kernel, bias, scale or shift: has a gradient.
    Trained,
    /// Running mean of a batch-norm.
    RunningMean,
    /// Running variance of a batch-norm: never negative.
    RunningVariance,
}

/// One tensor of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// File name without its ending, such as `inception_3a_3x3_conv1_w`.
    pub name: String,
    /// Kernels are OIHW, `dense_w` is outputs × inputs, all else has one axis.
    pub shape: Vec<usize>,
    /// What it is for.
    pub role: TensorRole,
}

impl TensorSpec {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Never: every tensor of the network holds values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// All tensors, in the order the network uses them; the same for every
/// [`Variant`].
///
/// ```
/// let table = facenet_core::network::tensor_table();
/// assert_eq!(table.len(), 224);
/// assert_eq!(table.iter().map(|tensor| tensor.len()).sum::<usize>(), 3_743_280);
/// ```
pub fn tensor_table() -> Vec<TensorSpec> {
    Architecture::FaceNet(Variant::HappyHouse).tensor_table()
}
