//! The Happy House network, written once.
//!
//! [`build`] is the only place that says what the network is: it walks the
//! stages in order and hands each to a [`Builder`]. The builder decides what to make of
//! them, so one definition serves every use:
//!
//! | interpreter | makes of it |
//! | --- | --- |
//! | [`Recorder`] | layer table, shapes, the list of 224 tensors |
//! | [`engine`](crate::engine) | a plan for inference, batch-norm folded in |
//! | [`model`](crate::model) | a graph on a tape, to be differentiated |
//!
//! Three small networks over the same vocabulary find faces, find their landmarks, and tell
//! whether a face is covered; an [`Architecture`] names any of them.
//!
//! The definition is kept apart from its interpreters so that a change to the
//! network cannot reach one of them and miss another.
//!
//! Source: OpenFace `nn4.small2` (Amos et al., CMU-CS-16-118) as ported in the
//! Coursera notebook "Face Recognition for the Happy House"; the Inception idea
//! is Szegedy et al., "Going Deeper with Convolutions" (2015), the use for faces
//! Schroff et al., "FaceNet" (2015).

mod builder;
mod definition;
pub mod detector;
mod recorder;
mod tensor_spec;
mod variant;

pub use builder::{Builder, Convolution, Dense, Head};
pub use definition::{VIEW_SIZE, VISIBILITY_OUTPUTS, VISIBILITY_SIZE, build};
pub use recorder::{Layer, Recorder, Shape, tensor_table};
pub use tensor_spec::{TensorRole, TensorSpec};
pub use variant::{Architecture, UnknownVariant, Variant};

/// Channels of the input image: red, green, blue.
pub const INPUT_CHANNELS: usize = 3;
/// Side of the square input image in pixels.
pub const INPUT_SIZE: usize = 96;
/// Numbers in an encoding.
pub const ENCODING_LENGTH: usize = 128;

/// The encoding is divided by the root of its squared length, of at least this:
/// the epsilon of Keras' `K.l2_normalize`.
pub(crate) const NORM_EPSILON: f64 = 1e-12;
