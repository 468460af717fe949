//! What the network's definition may ask for.
//!
//! The vocabulary is the network's, not a general framework's: a convolution
//! always brings its batch-norm and ReLU, because in this network it always
//! does, and an interpreter that fuses the three must not have to find them
//! again first.

use tensor::Padding2d;
use tensor::ops::Pool2dOptions;

/// An interpreter of the network's definition; see [`build`](super::build).
///
/// Every method takes nodes that earlier methods of the same builder returned.
/// Shapes are those of one picture, without the batch.
pub trait Builder {
    /// A value of the network while it is being built.
    type Node: Clone;

    /// The picture, `(channels, height, width)`.
    fn input(&mut self, shape: [usize; 3]) -> Self::Node;

    /// Zero padding, convolution with bias, batch-norm, ReLU.
    fn convolution(&mut self, input: &Self::Node, layer: &Convolution) -> Self::Node;

    /// Zero padding by itself.
    fn pad(&mut self, input: &Self::Node, name: &str, padding: Padding2d) -> Self::Node;

    /// Largest value of each window; no padding, output size rounded down.
    fn max_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Mean of each window; no padding, output size rounded down.
    fn average_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Root of the sum of squares of each window (OpenFace variant).
    fn l2_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Torch's cross-channel local response normalisation (OpenFace variant).
    fn local_response_norm(&mut self, input: &Self::Node, name: &str) -> Self::Node;

    /// Concatenation along the channels, in the order given.
    fn concat(&mut self, inputs: &[Self::Node], name: &str) -> Self::Node;

    /// `(C, H, W)` to `(C·H·W)`.
    fn flatten(&mut self, input: &Self::Node, name: &str) -> Self::Node;

    /// Fully connected layer with bias, no activation.
    fn dense(&mut self, input: &Self::Node, layer: &Dense) -> Self::Node;

    /// Division by the Euclidean length.
    fn l2_normalize(&mut self, input: &Self::Node, name: &str) -> Self::Node;

    /// Names a value that people compare between implementations: `conv1`,
    /// `pool1`, `conv3`, `pool3`, `inception_3a` to `inception_5b`.
    fn stage(&mut self, _name: &'static str, _node: &Self::Node) {}
}

/// A convolution with its batch-norm and ReLU; kernels, strides and padding are
/// square here.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution {
    /// Prefix of the kernel's and bias' tensor names (`_w`, `_b`).
    pub name: String,
    /// Prefix of the batch-norm's tensor names (`_w`, `_b`, `_m`, `_v`).
    pub batch_norm: String,
    /// Output channels.
    pub channels: usize,
    /// Side of the kernel.
    pub kernel: usize,
    /// Step of the kernel.
    pub stride: usize,
    /// Zeros added on all four sides.
    pub padding: usize,
    /// Added to the batch-norm's variance.
    pub epsilon: f64,
}

impl Convolution {
    /// Stride 1, no padding, epsilon 1e-5.
    pub fn new(
        name: impl Into<String>,
        batch_norm: impl Into<String>,
        channels: usize,
        kernel: usize,
    ) -> Self {
        Self {
            name: name.into(),
            batch_norm: batch_norm.into(),
            channels,
            kernel,
            stride: 1,
            padding: 0,
            epsilon: 1e-5,
        }
    }
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Prefix of the tensor names (`_w` is `outputs × inputs`, `_b`).
    pub name: &'static str,
    /// Numbers it returns.
    pub outputs: usize,
}
