//! Gradients by parameter, and their norm.

use std::sync::Arc;

use ndarray::ArrayD;
use rayon::prelude::*;
use tensor::Element;

/// The gradients of [`Parameters`](crate::Parameters).
#[derive(Clone, Debug)]
pub struct ParameterGradients<T> {
    /// In the order of the parameters, in standard layout.
    list: Vec<(Arc<str>, Option<ArrayD<T>>)>,
}

/// Values of a partial sum; fixed, so that sums have a fixed order.
const CHUNK: usize = 1 << 12;

impl<T: Element> ParameterGradients<T> {
    pub(super) fn new(mut list: Vec<(Arc<str>, Option<ArrayD<T>>)>) -> Self {
        for (_, gradient) in &mut list {
            if let Some(gradient) = gradient.as_mut().filter(|it| !it.is_standard_layout()) {
                *gradient = gradient.as_standard_layout().into_owned();
            }
        }
        Self { list }
    }

    /// The gradient of a parameter; `None` if it has none, or there is none of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&ArrayD<T>> {
        let (_, gradient) = self.list.iter().find(|(of, _)| **of == *name)?;
        gradient.as_ref()
    }

    /// Names and gradients, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&ArrayD<T>>)> {
        self.list.iter().map(|(name, gradient)| (&**name, gradient.as_ref()))
    }

    /// The Euclidean norm of all gradients together, `√Σ g²`.
    #[must_use]
    pub fn norm(&self) -> f64 {
        let gradients = self.list.iter().filter_map(|(_, gradient)| gradient.as_ref()?.as_slice());
        let chunks: Vec<&[T]> = gradients.flat_map(|values| values.chunks(CHUNK)).collect();
        let squares: Vec<f64> = chunks.into_par_iter().map(sum_of_squares).collect();
        squares.iter().sum::<f64>().sqrt()
    }

    /// Scales all gradients so that their [norm](Self::norm) is at most `greatest`
    /// (Pascanu et al., "On the difficulty of training recurrent neural networks", 2013),
    /// and returns the norm before scaling.
    ///
    /// If that is not finite, the gradients do not change: check it before you apply them.
    pub fn clip_norm(&mut self, greatest: f64) -> f64 {
        let norm = self.norm();
        if norm.is_finite() && norm > greatest {
            let factor = T::from_f64(greatest / norm);
            let gradients =
                self.list.iter_mut().filter_map(|(_, gradient)| gradient.as_mut()?.as_slice_mut());
            let chunks: Vec<&mut [T]> =
                gradients.flat_map(|values| values.chunks_mut(CHUNK)).collect();
            chunks.into_par_iter().for_each(|chunk| chunk.iter_mut().for_each(|it| *it *= factor));
        }
        norm
    }

    pub(crate) fn list(&self) -> &[(Arc<str>, Option<ArrayD<T>>)] {
        &self.list
    }
}

/// `Σ x²` in eight partial sums, which suits SIMD.
pub(crate) fn sum_of_squares<T: Element>(values: &[T]) -> f64 {
    let square = |value: &T| value.into_f64() * value.into_f64();
    let (chunks, rest) = values.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for lane in 0..8 {
            lanes[lane] += square(&chunk[lane]);
        }
    }
    lanes.iter().sum::<f64>() + rest.iter().map(square).sum::<f64>()
}
