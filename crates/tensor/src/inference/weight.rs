//! A convolution's weight as a program's builder takes it.

use ndarray::{Array4, ArrayView4, Axis, CowArray, Ix4};

/// Kernels of a convolution, O × C × KH × KW, and what each output's are multiplied by
/// when they are packed, such as the scale of a batch-norm behind it.
///
/// Borrowed kernels are read where they lie: the program keeps them in packed form only.
#[derive(Clone, Debug)]
pub struct ScaledWeight<'w> {
    kernels: CowArray<'w, f32, Ix4>,
    factors: Option<Vec<f64>>,
}

impl<'w> ScaledWeight<'w> {
    /// Kernels with a factor for each output. Products are formed in f64 and rounded once.
    ///
    /// # Panics
    /// If there is another number of factors than of outputs.
    pub fn new(kernels: impl Into<CowArray<'w, f32, Ix4>>, factors: Vec<f64>) -> Self {
        let kernels = kernels.into();
        assert_eq!(kernels.len_of(Axis(0)), factors.len(), "factors for other outputs");
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

    /// Takes other kernels of the same outputs in their place.
    pub(super) fn replace(&mut self, kernels: Array4<f32>) {
        self.kernels = kernels.into();
    }

    /// What each output's are multiplied by.
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
