//! A tensor of a network: its name, its shape and what it is for.

/// Role of a tensor in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TensorRole {
    /// Kernel of a convolution, OIHW.
    Kernel,
    /// Bias of a convolution, which the batch-norm behind it takes away again.
    Bias,
    /// Scale of a batch-norm.
    Scale,
    /// Shift of a batch-norm.
    Shift,
    /// Running mean of a batch-norm.
    RunningMean,
    /// Running variance of a batch-norm: never negative.
    RunningVariance,
    /// Weight of a dense layer, outputs × inputs.
    DenseWeight,
    /// Bias of a dense layer.
    DenseBias,
    /// Kernel of a head, OIHW.
    HeadKernel,
    /// Bias of a head.
    HeadBias,
}

impl TensorRole {
    /// The name of the tensor of this role in a layer, such as `bn1_w`.
    pub fn of(self, layer: &str) -> String {
        let ending = match self {
            Self::Kernel | Self::Scale | Self::DenseWeight | Self::HeadKernel => "w",
            Self::Bias | Self::Shift | Self::DenseBias | Self::HeadBias => "b",
            Self::RunningMean => "m",
            Self::RunningVariance => "v",
        };
        format!("{layer}_{ending}")
    }

    /// Whether training averages it over batches, and has no gradient for it.
    pub fn is_running_statistic(self) -> bool {
        matches!(self, Self::RunningMean | Self::RunningVariance)
    }
}

/// One tensor of the network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSpec {
    /// File name without its ending, such as `inception_3a_3x3_conv1_w`.
    pub name: String,
    /// The layer that it belongs to, such as `inception_3a_3x3_conv1`.
    pub layer: String,
    /// Its role in that layer.
    pub role: TensorRole,
    /// Kernels are OIHW, `dense_w` is outputs × inputs, all else has one axis.
    pub shape: Vec<usize>,
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
