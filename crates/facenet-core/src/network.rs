//! The Happy House network, written once.
//!
//! [`build`] is the only place that says what the network is: it walks the
//! stages in order and tells a [`Builder`] about each. What comes of it is the
//! builder's affair, so one definition serves every use:
//!
//! | interpreter | makes of it |
//! | --- | --- |
//! | [`Recorder`] | layer table, shapes, the list of 224 tensors |
//! | [`engine`](crate::engine) | a plan for inference, batch-norm folded in |
//! | the graph that is trained | a graph on a tape, to be differentiated |
//!
//! A second, small network finds landmarks (`network/landmarks.rs`); an
//! [`Architecture`] names either.
//!
//! The definition is kept apart from its interpreters so that a change to the
//! network cannot reach one of them and miss another.
//!
//! Source: OpenFace `nn4.small2` (Amos et al., CMU-CS-16-118) as ported in the
//! Coursera notebook "Face Recognition for the Happy House"; the Inception idea
//! is Szegedy et al., "Going Deeper with Convolutions" (2015), the use for faces
//! Schroff et al., "FaceNet" (2015).

mod architecture;
mod builder;
mod inception;
mod landmarks;
mod recorder;
mod table;
mod variant;

use tensor::Padding2d;
use tensor::ops::Pool2dOptions;

pub use architecture::Architecture;
pub use builder::{Builder, Convolution, Dense};
pub use landmarks::{LANDMARK_OUTPUTS, VIEW_SIZE};
pub use recorder::{Layer, Recorder, Shape};
pub use table::{TensorRole, TensorSpec, tensor_table};
pub use variant::{UnknownVariant, Variant};

use inception::BLOCKS;

/// Channels of the input picture: red, green, blue.
pub const INPUT_CHANNELS: usize = 3;
/// Side of the square input picture in pixels.
pub const INPUT_SIZE: usize = 96;
/// Numbers in an encoding.
pub const ENCODING_LENGTH: usize = 128;

/// The encoding is divided by the root of its squared length, of at least this:
/// the epsilon of Keras' `K.l2_normalize`.
pub const NORM_EPSILON: f64 = 1e-12;

/// Tells `builder` the whole network, from picture to encoding, and returns the
/// node that holds the encoding.
///
/// # Shapes
/// Input `(m, 3, 96, 96)`, RGB in 0..1; output `(m, 128)`, rows of unit length.
pub fn build<B: Builder>(builder: &mut B, variant: Variant) -> B::Node {
    let picture = builder.input([INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE]);
    let mut x = stem(builder, &picture, variant);
    for block in &BLOCKS {
        x = block.build(builder, &x, variant);
        builder.stage(block.name, &x);
    }
    head(builder, &x)
}

/// `(3, 96, 96)` to `(192, 12, 12)`: three convolutions, two max-pools.
fn stem<B: Builder>(b: &mut B, picture: &B::Node, variant: Variant) -> B::Node {
    let pool = Pool2dOptions { kernel: [3, 3], stride: [2, 2] };

    let conv1 = Convolution {
        stride: 2,
        padding: 3,
        epsilon: variant.first_epsilon(),
        ..Convolution::new("conv1", "bn1", 64, 7)
    };
    let x = b.convolution(picture, &conv1);
    b.stage("conv1", &x);
    let x = b.pad(&x, "pad_pool1", Padding2d::same(1));
    let mut x = b.max_pool(&x, "pool1", pool);
    if variant.has_local_response_norm() {
        x = b.local_response_norm(&x, "lrn1");
    }
    b.stage("pool1", &x);

    let x = b.convolution(&x, &Convolution::new("conv2", "bn2", 64, 1));
    let conv3 = Convolution { padding: 1, ..Convolution::new("conv3", "bn3", 192, 3) };
    let mut x = b.convolution(&x, &conv3);
    if variant.has_local_response_norm() {
        x = b.local_response_norm(&x, "lrn2");
    }
    b.stage("conv3", &x);
    let x = b.pad(&x, "pad_pool3", Padding2d::same(1));
    let x = b.max_pool(&x, "pool3", pool);
    b.stage("pool3", &x);
    x
}

/// `(736, 3, 3)` to 128 numbers of unit length.
fn head<B: Builder>(b: &mut B, x: &B::Node) -> B::Node {
    let pool = Pool2dOptions { kernel: [3, 3], stride: [1, 1] };
    let x = b.average_pool(x, "average_pool", pool);
    let x = b.flatten(&x, "flatten");
    let x = b.dense(&x, &Dense { name: "dense", outputs: ENCODING_LENGTH });
    b.l2_normalize(&x, "l2_normalize")
}
