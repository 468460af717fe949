//! The trait that interpreters of the network implement.
//!
//! The vocabulary is the networks', not a general framework's: a convolution
//! brings its batch-norm and ReLU, because in these networks it does everywhere but in
//! the detector's heads, and an interpreter that fuses the three must not have to find
//! them again first.

use tensor::Padding2d;
use tensor::ops::Pool2dOptions;

/// An interpreter of the network's definition; see [`build`](super::build).
///
/// Every method takes nodes that earlier methods of the same builder returned.
/// Shapes are those of one image, without the batch.
pub trait Builder {
    /// A value of the network while it is being built.
    type Node: Clone;

    /// The image, `(channels, height, width)`.
    fn input(&mut self, shape: [usize; 3]) -> Self::Node;

    /// Zero padding, convolution with bias, batch-norm, ReLU.
    fn convolution(&mut self, input: &Self::Node, layer: &Convolution) -> Self::Node;

    /// The same of each channel by itself: the layer has as many channels as the input.
    fn depthwise(&mut self, input: &Self::Node, layer: &Convolution) -> Self::Node;

    /// 1×1 convolution with bias, no batch-norm and no activation: numbers that are read off
    /// each pixel.
    fn head(&mut self, input: &Self::Node, layer: &Head) -> Self::Node;

    /// The sum of `input` and of `coarse`, of half its height and width, each of whose
    /// values is added to the 2×2 pixels that it covers.
    fn add_upsampled(&mut self, input: &Self::Node, coarse: &Self::Node, name: &str) -> Self::Node;

    /// Zero padding by itself.
    fn pad(&mut self, input: &Self::Node, name: &str, padding: Padding2d) -> Self::Node;

    /// Largest value of each window; no padding, output size rounded down.
    fn max_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Mean of each window; no padding, output size rounded down.
    fn average_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Root of the sum of squares of each window (OpenFace variant).
    fn l2_pool(&mut self, input: &Self::Node, name: &str, pool: Pool2dOptions) -> Self::Node;

    /// Torch's cross-channel local response normalization (OpenFace variant).
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

/// Numbers that are read off each pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Prefix of the tensor names (`_w` is `channels × inputs × 1 × 1`, `_b`).
    pub name: &'static str,
    /// Numbers a pixel.
    pub channels: usize,
}

/// A fully connected layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Prefix of the tensor names (`_w` is `outputs × inputs`, `_b`).
    pub name: &'static str,
    /// Numbers it returns.
    pub outputs: usize,
}
