//! The detector's network, compiled for the sizes of images that it is given.
//!
//! A program knows all shapes, and images have many: the network is compiled when a size is
//! first seen, which takes about as long as a pass, and the last few programs are kept.

use std::sync::{Arc, Mutex, PoisonError};

use ndarray::{Array4, ArrayView2, ArrayView4, Axis, Slice};
use tensor::inference::{Program, StepProfile};

use super::{EngineOptions, compiler};
use crate::network::{Architecture, detector};
use crate::weights::{Weights, WeightsError};

/// Programs that are kept, each with the memory of its passes.
const KEPT: usize = 4;

/// [`Architecture::Detector`] with its weights, for images of any size.
#[derive(Debug)]
pub struct CompiledDetector {
    weights: Weights,
    options: EngineOptions,
    /// Height and width, and the program for them; the last used first.
    programs: Mutex<Vec<([usize; 2], Arc<Program>)>>,
}

impl CompiledDetector {
    /// For the best kernels of this machine.
    ///
    /// # Errors
    /// If the weights [are not](Weights::are_of) the detector's.
    pub fn new(weights: Weights) -> Result<Self, WeightsError> {
        Self::with_options(weights, EngineOptions::default())
    }

    /// [`new`](Self::new) as the options say, of which looks are the encoder's only.
    ///
    /// # Errors
    /// If the weights are not the detector's.
    ///
    /// # Panics
    /// If the options are not [available](EngineOptions::is_available) here.
    pub fn with_options(weights: Weights, options: EngineOptions) -> Result<Self, WeightsError> {
        assert!(options.is_available(), "this machine does not have {options:?}");
        if !weights.are_of(Architecture::Detector) {
            return Err(WeightsError::OtherNetwork { expected: "the detector" });
        }
        Ok(Self { weights, options, programs: Mutex::default() })
    }

    /// The answers at strides 8, 16 and 32, as they leave the network: see
    /// [`network::detector`](crate::network::detector) for their channels.
    ///
    /// # Shapes
    /// `images`: `(n, 3, H, W)`, RGB in 0..1, H and W multiples of
    /// [`MULTIPLE`](detector::MULTIPLE). Returns `(n, 16, H / s, W / s)` for each stride s.
    ///
    /// # Panics
    /// On another shape.
    pub fn run(&self, images: ArrayView4<'_, f32>) -> [Array4<f32>; 3] {
        let program = self.program(&images);
        let n = images.len_of(Axis(0));
        let mut rows = vec![0.0; n * program.outputs()];
        program.run(images, &mut rows);
        let rows = ArrayView2::from_shape((n, program.outputs()), &rows);
        let Ok(rows) = rows else { unreachable!("a row has a program's outputs") };
        let mut first = 0;
        let mut shapes = program.output_shapes();
        detector::STRIDES.map(|stride| {
            let Some([c, h, w]) = shapes.next() else {
                unreachable!("the network has an output of stride {stride}")
            };
            let part = rows.slice_axis(Axis(1), Slice::from(first..first + c * h * w));
            first += c * h * w;
            let values = part.iter().copied().collect();
            match Array4::from_shape_vec((n, c, h, w), values) {
                Ok(output) => output,
                Err(error) => unreachable!("the shape is the program's: {error}"),
            }
        })
    }

    /// Runs images on this thread several times and measures each step.
    ///
    /// # Panics
    /// As [`run`](Self::run), and if `passes` is zero.
    pub fn profile(&self, images: ArrayView4<'_, f32>, passes: usize) -> Vec<StepProfile> {
        self.program(&images).profile(images, passes)
    }

    /// The program for images of this size.
    fn program(&self, images: &ArrayView4<'_, f32>) -> Arc<Program> {
        let (_, c, h, w) = images.dim();
        let size = [h, w];
        let own = Architecture::Detector;
        assert!(
            c == own.input()[0] && own.takes(size),
            "expected images of shape (n, 3, H, W) with multiples of {} for H and W, found {:?}",
            detector::MULTIPLE,
            images.dim()
        );
        if let Some(program) = self.kept(size) {
            return program;
        }
        // Not under the lock: compiling shares its work with other threads.
        let compiled = Arc::new(compiler::compile_for(own, size, &self.weights, self.options));
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        programs.truncate(KEPT - 1);
        programs.insert(0, (size, Arc::clone(&compiled)));
        compiled
    }

    /// A program that was compiled before.
    fn kept(&self, size: [usize; 2]) -> Option<Arc<Program>> {
        let mut programs = self.programs.lock().unwrap_or_else(PoisonError::into_inner);
        let place = programs.iter().position(|(kept, _)| *kept == size)?;
        programs[..=place].rotate_right(1);
        Some(Arc::clone(&programs[0].1))
    }
}
