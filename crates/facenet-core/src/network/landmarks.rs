//! The landmark network, written once: five points and whether there is a face.
//!
//! A second, small network over the same [`Builder`], so that recorder, training
//! graph and engine serve it as they serve FaceNet. Six convolutions, each with
//! batch-norm and ReLU, halve the picture five times; the last sees all of what is
//! left, and a dense layer reads points and scores off it. 252,956 values, 11
//! million multiplications a view.

use tensor::ops::Pool2dOptions;

use super::{Builder, Convolution, Dense, INPUT_CHANNELS};

/// Side of the square view in pixels.
pub const VIEW_SIZE: usize = 64;
/// Numbers that the network returns: x and y of five points, then the scores of
/// "no face" and "a face".
pub const LANDMARK_OUTPUTS: usize = 12;

/// Tells `builder` the landmark network and returns the node of its outputs.
///
/// # Shapes
/// Input `(m, 3, 64, 64)`, RGB in 0..1; output `(m, 12)`: the points' x and y, 0 in
/// the view's middle and 1 a view's side away, and two scores for a softmax.
pub(super) fn build<B: Builder>(b: &mut B) -> B::Node {
    let pool = Pool2dOptions { kernel: [2, 2], stride: [2, 2] };
    let layer = |number: usize, channels, kernel| {
        Convolution::new(format!("conv{number}"), format!("bn{number}"), channels, kernel)
    };
    let x = b.input([INPUT_CHANNELS, VIEW_SIZE, VIEW_SIZE]);
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 2, ..layer(1, 16, 5) });
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(2, 32, 3) });
    let x = b.max_pool(&x, "pool2", pool);
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(3, 48, 3) });
    let x = b.max_pool(&x, "pool3", pool);
    let x = b.convolution(&x, &Convolution { padding: 1, ..layer(4, 64, 3) });
    let x = b.convolution(&x, &Convolution { stride: 2, padding: 1, ..layer(5, 96, 3) });
    let x = b.convolution(&x, &layer(6, 96, 4));
    let x = b.flatten(&x, "flatten");
    b.dense(&x, &Dense { name: "dense", outputs: LANDMARK_OUTPUTS })
}
