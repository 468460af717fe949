//! Activations: ReLU over whole arrays, and the activation that a convolution applies while
//! its output is still in cache, which saves a pass over memory.

use ndarray::{Array, ArrayView, Dimension};
use rayon::prelude::*;

use crate::Element;
use crate::kernels::simd::vectorize;

/// A function that is applied to each output of an operator before it is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Activation {
    /// The identity.
    #[default]
    None,
    /// `max(x, 0)`.
    Relu,
}

impl Activation {
    /// The activation of one value.
    #[inline(always)]
    pub(crate) fn of<T: Element>(self, value: T) -> T {
        match self {
            Self::None => value,
            // A NaN stays NaN, so that invalid input is not hidden.
            Self::Relu if value < T::zero() => T::zero(),
            Self::Relu => value,
        }
    }
}

/// `max(x, 0)`; a NaN stays NaN.
///
/// # Shapes
/// `input`: any. Returns the same shape.
pub fn relu<T: Element, D: Dimension>(input: ArrayView<'_, T, D>) -> Array<T, D> {
    let mut output = input.as_standard_layout().into_owned();
    let Some(values) = output.as_slice_mut() else { unreachable!("standard layout is contiguous") };
    values.par_chunks_mut(CHUNK).for_each(|chunk| {
        vectorize(|| chunk.iter_mut().for_each(|value| *value = Activation::Relu.of(*value)));
    });
    output
}

/// Derivative of [`relu`]: `grad_output` where `output` is positive, else zero.
///
/// At zero, where it is undefined, the derivative is taken as zero. A NaN output
/// passes the gradient on.
///
/// # Shapes
/// `output` (what `relu` returned, or its input: the sign is the same) and
/// `grad_output`: equal. Returns the same shape.
///
/// # Panics
/// If the shapes differ.
pub fn relu_backward<T: Element, D: Dimension>(
    output: ArrayView<'_, T, D>,
    grad_output: ArrayView<'_, T, D>,
) -> Array<T, D> {
    assert_eq!(
        output.shape(),
        grad_output.shape(),
        "relu_backward: output is {:?}, gradient is {:?}",
        output.shape(),
        grad_output.shape()
    );
    let output = output.as_standard_layout();
    let mut gradient = grad_output.as_standard_layout().into_owned();
    let (Some(outputs), Some(gradients)) = (output.as_slice(), gradient.as_slice_mut()) else {
        unreachable!("standard layout is contiguous")
    };
    gradients.par_chunks_mut(CHUNK).zip(outputs.par_chunks(CHUNK)).for_each(
        |(gradients, outputs)| {
            vectorize(|| {
                for (gradient, output) in gradients.iter_mut().zip(outputs) {
                    *gradient = if *output <= T::zero() { T::zero() } else { *gradient };
                }
            });
        },
    );
    gradient
}

/// Values of a task.
const CHUNK: usize = 1 << 14;
