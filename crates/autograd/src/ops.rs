//! The operators, one file each, named as in [`tensor::ops`] where there is one.
//!
//! A file adds a method to [`Var`](crate::Var): it computes the output, and records
//! a function that captures what the derivative needs and no more. Each method
//! states its derivative, and what is taken where there is none.

mod abs;
mod add;
mod average_pool2d;
mod batch_norm;
mod concat;
mod concat_channels;
mod conv2d;
mod dense;
mod div;
mod exp;
mod l2_normalize;
mod l2_pool2d;
mod ln;
mod local_response_norm;
mod matmul;
mod max_pool2d;
mod maximum;
mod mean;
mod mul;
mod neg;
mod pad2d;
mod powf;
mod relu;
mod reshape;
mod select_rows;
mod slice_axis;
mod softmax;
mod softmax_cross_entropy;
mod sqrt;
mod square;
mod sub;
mod sum;
mod transpose;

use ndarray::Ix4;
use tensor::ops::Pool2dOptions;

pub use batch_norm::{BatchMoments, RunningStatistics};

/// The shape of a pool's output.
///
/// # Panics
/// If the window does not fit into the image.
fn pooled(name: &str, input: &Ix4, options: Pool2dOptions) -> Ix4 {
    let [n, c, h, w] = [input[0], input[1], input[2], input[3]];
    let Some([oh, ow]) = options.output_size([h, w]) else {
        panic!("{name}: {options:?} does not fit an image of {h} x {w}")
    };
    Ix4(n, c, oh, ow)
}
