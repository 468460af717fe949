//! The weight of a convolution, as an argument of the program builder.

use ndarray::{Array4, ArrayView4, Axis, CowArray, Ix4};

/// Kernels of a convolution, O × C × KH × KW, and optionally a factor for each output, such
/// as the scale of a batch-norm after the convolution; packing multiplies them.
///
/// Borrowed kernels are not copied: the program keeps only their packed form.
#[derive(Clone, Debug)]
pub struct ScaledWeight<'w> {
    kernels: CowArray<'w, f32, Ix4>,
    factors: Option<Vec<f64>>,
}

impl<'w> ScaledWeight<'w> {
    /// Kernels with a factor for each output. Products are computed in f64 and rounded once.
    ///
    /// # Panics
    /// If the numbers of factors and outputs differ.
    pub fn new(kernels: impl Into<CowArray<'w, f32, Ix4>>, factors: Vec<f64>) -> Self {
        let kernels = kernels.into();
        let (outputs, count) = (kernels.len_of(Axis(0)), factors.len());
        assert_eq!(outputs, count, "{count} factors for {outputs} outputs");
        Self { kernels, factors: Some(factors) }
    }

    /// O, C, KH, KW.
    pub(super) fn dim(&self) -> (usize, usize, usize, usize) {
        self.kernels.dim()
    }

    /// The kernels without their factors.
    pub(super) fn kernels(&self) -> ArrayView4<'_, f32> {
        self.kernels.view()
    }

    /// Replaces the kernels by others of the same outputs.
    pub(super) fn replace(&mut self, kernels: Array4<f32>) {
        self.kernels = kernels.into();
    }

    /// The factors of the outputs.
    pub(super) fn factors(&self) -> Option<&[f64]> {
        self.factors.as_deref()
    }
}

impl From<Array4<f32>> for ScaledWeight<'_> {
    fn from(kernels: Array4<f32>) -> Self {
        Self { kernels: kernels.into(), factors: None }
    }
}

impl<'w> From<CowArray<'w, f32, Ix4>> for ScaledWeight<'w> {
    fn from(kernels: CowArray<'w, f32, Ix4>) -> Self {
        Self { kernels, factors: None }
    }
}
