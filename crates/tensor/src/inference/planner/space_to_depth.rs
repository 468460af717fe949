//! Rewrites a first convolution of stride 2 as one of stride 1.
//!
//! `out[y] = Σ in[2y + k - p] w[k]` over the kernel's rows is, with `k = 2a + b`, a sum
//! over the phases b of `Σ in_b[y + a] w[2a + b]`, where `in_b` holds every other row of
//! the padded image; likewise for columns. So a K × K kernel of stride 2 over C channels
//! equals one of half the size over 4 C channels, some of whose taps are zero. Winograd's
//! method, which requires stride 1, then computes each output with 4 products instead of
//! the 49 of a 7 × 7 kernel, for each of the four phases.

use ndarray::Array4;

use crate::Padding2d;
use crate::inference::builder::{Node, Operation};
use crate::kernels::program::layout::SpaceToDepth;
use crate::kernels::simd::LANES;
use crate::ops::Conv2dOptions;

/// Rewrites the convolution if it is the only reader of the input and the phases fit into
/// a vector.
pub(in crate::inference) fn rewrite_first_convolution(nodes: &mut [Node<'_>]) {
    let mut readers =
        (1..nodes.len()).filter(|reader| nodes[*reader].inputs.contains(&0)).collect::<Vec<_>>();
    let (Some(reader), None) = (readers.pop(), readers.pop()) else { return };
    let [channels, ..] = nodes[0].shape;
    let [outputs, oh, ow] = nodes[reader].shape;
    let Operation::Convolution { weight, options, .. } = &mut nodes[reader].operation else {
        return;
    };
    let (_, _, kh, kw) = weight.dim();
    let side = kh.div_ceil(2);
    // Small kernels gain nothing: a 3 × 3 one becomes 2 × 2, with 16 taps instead of 9.
    if options.stride != [2, 2] || kh != kw || !(3..=4).contains(&side) || 4 * channels > LANES {
        return;
    }
    let Padding2d { top, left, .. } = options.padding;
    let kernels = weight.kernels();
    let rewritten =
        Array4::from_shape_fn((outputs, 4 * channels, side, side), |(o, phase, a, b)| {
            let (row, c, column) = (phase / 2 / channels, phase / 2 % channels, phase % 2);
            kernels.get((o, c, 2 * a + row, 2 * b + column)).copied().unwrap_or(0.0)
        });
    weight.replace(rewritten);
    *options = Conv2dOptions { activation: options.activation, ..Conv2dOptions::default() };
    let space_to_depth = Some(SpaceToDepth { padding: [top, left] });
    nodes[0].operation = Operation::Input { space_to_depth };
    nodes[0].shape = [4 * channels, oh + side - 1, ow + side - 1];
}
