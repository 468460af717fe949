//! The network compiled for inference.
//!
//! [`Engine::new`] interprets the network's definition once: batch-norm is folded into
//! the kernels, and the rest becomes a [`Program`] that allocates nothing while it runs.
//! Training does not come here; it needs the layers unfolded.
//!
//! Work is spread over the threads of the rayon pool that a call is made in; for another
//! number of threads, call from within a pool of your own. The numbers are the same bits
//! with any thread count and any batch around an image.
//!
//! ```
//! use facenet::engine::Engine;
//! use facenet::network::Variant;
//! use facenet::weights::Weights;
//!
//! let engine = Engine::new(Variant::HappyHouse, &Weights::embedded()?);
//! let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build()?;
//! let crop = ndarray::Array3::from_elem((3, 96, 96), 0.5);
//! let encoding = pool.install(|| engine.encode_one(crop.view()))?;
//! assert_eq!(encoding.values().len(), 128);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod compiler;
mod detector;

use ndarray::{Array2, ArrayView3, ArrayView4, Axis};
use tensor::Level;
use tensor::inference::{Precision, Program, StepProfile};

use crate::matching::{Encoding, EncodingError};
use crate::network::{Architecture, ENCODING_LENGTH, INPUT_CHANNELS, INPUT_SIZE, Variant};
use crate::weights::Weights;

pub use detector::CompiledDetector;

/// The network with its weights, ready to encode.
#[derive(Debug)]
pub struct Engine {
    variant: Variant,
    looks: Looks,
    program: Program,
}

/// How a network is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EngineOptions {
    /// The kernels; by default the best of this machine.
    pub level: Level,
    /// The numbers that convolutions multiply; by default f32. `docs/benchmarks.md` says what bf16 costs
    /// and gains.
    pub precision: Precision,
    /// How often a face is encoded; by default once, as in the notebook.
    pub looks: Looks,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self { level: Level::best(), precision: Precision::F32, looks: Looks::One }
    }
}

/// From how many views of a face an encoding is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Looks {
    /// The face crop alone.
    #[default]
    One,
    /// The face crop and its mirror image: the mean of the two encodings, brought back to
    /// unit length. Misses fewer people at the same rate of strangers, for twice the work,
    /// and an image and its mirror image have the same encoding, bit for bit.
    Two,
}

impl Looks {
    /// How many they are.
    pub fn count(self) -> u8 {
        match self {
            Self::One => 1,
            Self::Two => 2,
        }
    }

    /// So many, if there can be: 1 or 2.
    pub fn from_count(count: u8) -> Option<Self> {
        [Self::One, Self::Two].into_iter().find(|looks| looks.count() == count)
    }
}

impl EngineOptions {
    /// Whether this machine can do it.
    pub fn is_available(&self) -> bool {
        self.precision.is_available_at(self.level)
    }
}

/// A network of one answer, compiled, for those who know what goes in and what comes out of
/// it: [`Engine`] is the one for encodings, [`CompiledDetector`] for the detector's answers.
#[derive(Debug)]
pub struct CompiledNetwork {
    program: Program,
}

impl CompiledNetwork {
    /// Compiles the network with its weights.
    pub fn new(architecture: Architecture, weights: &Weights) -> Self {
        Self { program: compiler::compile(architecture, weights, EngineOptions::default()) }
    }

    /// The network's answers, a row an image.
    pub fn run(&self, batch: ArrayView4<'_, f32>) -> Array2<f32> {
        let mut rows = Array2::zeros((batch.len_of(Axis(0)), self.program.outputs()));
        if let Some(rows) = rows.as_slice_mut() {
            self.program.run(batch, rows);
        }
        rows
    }
}

/// A batch that cannot be encoded.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// The images are of another size or layout.
    #[error("expected images of shape (m, 3, 96, 96), found {found:?}")]
    Shape {
        /// The batch's shape.
        found: [usize; 4],
    },
    /// A value that is no brightness, such as NaN, or 128 of 255.
    #[error("image {image}: a value is {found}, expected 0 to 1")]
    Range {
        /// Index into the batch.
        image: usize,
        /// The first such value.
        found: f32,
    },
    /// The network's answer is no encoding; its weights must be damaged.
    #[error("image {image}: the network's answer is no encoding")]
    Answer {
        /// Index into the batch.
        image: usize,
        /// Why.
        source: EncodingError,
    },
}

impl Engine {
    /// Compiles the network with `weights` for the best kernels of this machine.
    pub fn new(variant: Variant, weights: &Weights) -> Self {
        Self::with_options(variant, weights, EngineOptions::default())
    }

    /// [`new`](Self::new) for kernels of a level.
    ///
    /// # Panics
    /// If this machine does not have it.
    pub fn at_level(variant: Variant, weights: &Weights, level: Level) -> Self {
        Self::with_options(variant, weights, EngineOptions { level, ..EngineOptions::default() })
    }

    /// [`new`](Self::new) as the options say.
    ///
    /// # Panics
    /// If they are [not available](EngineOptions::is_available) here.
    pub fn with_options(variant: Variant, weights: &Weights, options: EngineOptions) -> Self {
        let program = compiler::compile(variant.into(), weights, options);
        Self { variant, looks: options.looks, program }
    }

    /// From how many views an encoding is made.
    pub fn looks(&self) -> Looks {
        self.looks
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
        let mut rows = vec![0.0; batch.len_of(Axis(0)) * ENCODING_LENGTH];
        self.encode_into(batch, &mut rows)?;
        rows.chunks_exact(ENCODING_LENGTH)
            .enumerate()
            .map(|(image, row)| {
                Encoding::new(row.iter().copied())
                    .map_err(|source| EncodeError::Answer { image, source })
            })
            .collect()
    }

    /// Encodes a batch into rows at hand: after the first calls, with one look, and on a
    /// thread of the pool, this allocates nothing.
    ///
    /// The rows are the network's answer, whatever it is; [`encode`](Self::encode) holds
    /// that each is an encoding.
    ///
    /// # Shapes
    /// `batch` as for [`encode`](Self::encode); `rows`: m · 128.
    ///
    /// # Errors
    /// On another shape, or a value that is NaN or outside 0..1.
    ///
    /// # Panics
    /// If `rows` is of another length.
    pub fn encode_into(
        &self,
        batch: ArrayView4<'_, f32>,
        rows: &mut [f32],
    ) -> Result<(), EncodeError> {
        check(batch)?;
        self.program.run(batch, rows);
        if self.looks == Looks::Two {
            let mut mirrored = batch;
            mirrored.invert_axis(Axis(3));
            let mut second = vec![0.0; rows.len()];
            self.program.run(mirrored, &mut second);
            let rows = rows.chunks_exact_mut(ENCODING_LENGTH);
            rows.zip(second.chunks_exact(ENCODING_LENGTH))
                .for_each(|(row, second)| mean(row, second));
        }
        Ok(())
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
        let mut rows = Array2::zeros((batch.len_of(Axis(0)), ENCODING_LENGTH));
        if let Some(rows) = rows.as_slice_mut() {
            self.program.trace(batch, rows, look);
        }
        Ok(rows)
    }

    /// Runs a batch on this thread several times and measures each step.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    ///
    /// # Panics
    /// If `passes` is zero.
    pub fn profile(
        &self,
        batch: ArrayView4<'_, f32>,
        passes: usize,
    ) -> Result<Vec<StepProfile>, EncodeError> {
        check(batch)?;
        Ok(self.program.profile(batch, passes))
    }
}

/// The mean of two unit vectors, of unit length, in the place of the first. Of opposite ones
/// it is not finite.
fn mean(row: &mut [f32], second: &[f32]) {
    row.iter_mut().zip(second).for_each(|(value, other)| *value += other);
    let length = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
    row.iter_mut().for_each(|value| *value = (f64::from(*value) / length) as f32);
}

/// Refuses what is not a batch of images in 0..1.
fn check(batch: ArrayView4<'_, f32>) -> Result<(), EncodeError> {
    let (m, c, h, w) = batch.dim();
    if [c, h, w] != [INPUT_CHANNELS, INPUT_SIZE, INPUT_SIZE] {
        return Err(EncodeError::Shape { found: [m, c, h, w] });
    }
    for (image, values) in batch.outer_iter().enumerate() {
        if let Some(&found) = values.iter().find(|value| !(0.0..=1.0).contains(*value)) {
            return Err(EncodeError::Range { image, found });
        }
    }
    Ok(())
}
