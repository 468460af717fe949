//! The network compiled for inference.
//!
//! [`Engine::new`] interprets the network's definition once: batch-norm is
//! folded into the kernels, ReLU becomes part of the convolution, and what is
//! left is a list of steps over numbered values (`engine/plan.rs`). Training
//! does not come here; it needs the layers unfolded.
//!
//! A batch is cut into pieces of at most [`PIECE`] pictures so that the memory
//! of a call does not grow with the batch. Within a piece the operators spread
//! over rayon's threads; the numbers are the same bits with any thread count and
//! any batch around a picture.

mod compiler;
mod plan;

use ndarray::{Array2, ArrayView3, ArrayView4, Axis};

use crate::matching::{Encoding, EncodingError};
use crate::network::{Architecture, INPUT_CHANNELS, INPUT_SIZE, Variant};
use crate::weights::Weights;

use plan::Plan;

/// Pictures that go through the network together.
pub const PIECE: usize = 16;

/// The network with its weights, ready to encode.
#[derive(Debug)]
pub struct Engine {
    variant: Variant,
    plan: Plan,
}

/// Any of the crate's networks, compiled, for those who know what goes in and what
/// comes out of it: [`Engine`] is the one for encodings.
#[derive(Debug)]
pub(crate) struct CompiledNetwork {
    plan: Plan,
}

impl CompiledNetwork {
    /// Compiles the network with its weights.
    pub(crate) fn new(architecture: Architecture, weights: &Weights) -> Self {
        Self { plan: compiler::compile(architecture, weights) }
    }

    /// The network's answers, a row a picture.
    pub(crate) fn run(&self, batch: ArrayView4<'_, f32>) -> Array2<f32> {
        self.plan.run(batch, &mut |_, _| ())
    }
}

/// A batch that cannot be encoded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The pictures are of another size or layout.
    #[error("expected pictures of shape (m, 3, 96, 96), found {found:?}")]
    Shape {
        /// The batch's shape.
        found: [usize; 4],
    },
    /// A value that is no brightness, such as NaN, or 128 of 255.
    #[error("picture {image}: a value is {found}, expected 0 to 1")]
    Range {
        /// Index into the batch.
        image: usize,
        /// The first such value.
        found: f32,
    },
    /// The network's answer is no encoding; its weights must be damaged.
    #[error("picture {image}: the network's answer is no encoding")]
    Answer {
        /// Index into the batch.
        image: usize,
        /// Why.
        source: EncodingError,
    },
}

impl Engine {
    /// Compiles the network with `weights`.
    pub fn new(variant: Variant, weights: &Weights) -> Self {
        Self { variant, plan: compiler::compile(variant.into(), weights) }
    }

    /// The network that was compiled.
    pub fn variant(&self) -> Variant {
        self.variant
    }

    /// Encodes a batch of face crops.
    ///
    /// # Shapes
    /// `(m, 3, 96, 96)`, RGB in 0..1, to m encodings.
    ///
    /// # Errors
    /// On another shape, or a value that is NaN or outside 0..1.
    pub fn encode(&self, batch: ArrayView4<'_, f32>) -> Result<Vec<Encoding>, EncodeError> {
        check(batch)?;
        let mut encodings = Vec::with_capacity(batch.len_of(Axis(0)));
        for piece in batch.axis_chunks_iter(Axis(0), PIECE) {
            for row in self.plan.run(piece, &mut |_, _| ()).rows() {
                let image = encodings.len();
                let encoding = Encoding::new(row.iter().copied())
                    .map_err(|source| EncodeError::Answer { image, source })?;
                encodings.push(encoding);
            }
        }
        Ok(encodings)
    }

    /// Encodes one face crop of shape `(3, 96, 96)`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_one(&self, crop: ArrayView3<'_, f32>) -> Result<Encoding, EncodeError> {
        let mut encodings = self.encode(crop.insert_axis(Axis(0)))?;
        Ok(encodings.remove(0))
    }

    /// Runs a batch and hands each named stage's output to `look` on the way:
    /// for comparison with another implementation, layer by layer.
    ///
    /// Returns the encodings as rows, whatever they are.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn trace(
        &self,
        batch: ArrayView4<'_, f32>,
        look: &mut dyn FnMut(&'static str, ArrayView4<'_, f32>),
    ) -> Result<Array2<f32>, EncodeError> {
        check(batch)?;
        Ok(self.plan.run(batch, look))
    }
}

/// Refuses what is not a batch of pictures in 0..1.
fn check(batch: ArrayView4<'_, f32>) -> Result<(), EncodeError> {
    let (m, c, h, w) = batch.dim();
    if [c, h, w] != [INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE] {
        return Err(EncodeError::Shape { found: [m, c, h, w] });
    }
    for (image, picture) in batch.outer_iter().enumerate() {
        if let Some(&found) = picture.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(EncodeError::Range { image, found });
        }
    }
    Ok(())
}
