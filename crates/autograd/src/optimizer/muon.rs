//! Muon: momentum whose step is made orthogonal.

use ndarray::Array2;
use rayon::prelude::*;
use tensor::ops::{gram, matmul};
use tensor::{Element, Precision};

use super::adamw::AdamW;
use super::{Algorithm, CHUNK, Update};
use crate::parameters::sum_of_squares;

/// For matrices: with `m ← momentum m + g`, the step is `g + momentum m` with all its
/// singular values brought near one, `x ← (1 - rate weight_decay) x - rate s O`, so that
/// rare directions of the gradient count as much as frequent ones (Jordan et al., "Muon: an
/// optimizer for hidden layers in neural networks", 2024). `s = 0.2 √max(rows, columns)`
/// gives `O` the size of Adam's steps, so that learning rate and weight decay are Adam's
/// (Liu et al., "Muon is scalable for LLM training", 2025, equation 4).
///
/// A convolution's kernel `(o, c, kh, kw)` is a matrix of `o` rows. Vectors (biases, scales
/// and shifts) have [`AdamW`]'s steps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Muon {
    /// Decay rate of the momentum.
    pub momentum: f64,
    /// For vectors.
    pub vectors: AdamW,
    /// How steps are made orthogonal; momentum, weights and sums are f32. As in the first
    /// implementation bf16 does no harm: the step is a direction, within a factor, anyway.
    pub precision: Precision,
}

impl Default for Muon {
    /// 0.95, AdamW's defaults, f32.
    fn default() -> Self {
        Self { momentum: 0.95, vectors: AdamW::default(), precision: Precision::F32 }
    }
}

impl From<Muon> for Algorithm {
    fn from(muon: Muon) -> Self {
        Self::Muon(muon)
    }
}

impl Muon {
    /// Updates one matrix; `rows` is its first axis' length.
    pub(super) fn update_matrix<T: Element>(
        self,
        update: Update,
        rows: usize,
        values: &mut [T],
        gradient: &[T],
        momentum: &mut [T],
    ) {
        if values.is_empty() {
            return;
        }
        let columns = values.len() / rows;
        let keep = T::from_f64(self.momentum);
        let mut step = vec![T::zero(); values.len()];
        let chunks = step.par_chunks_mut(CHUNK).zip(gradient.par_chunks(CHUNK));
        chunks.zip(momentum.par_chunks_mut(CHUNK)).for_each(|((step, gradient), momentum)| {
            for ((step, &gradient), momentum) in step.iter_mut().zip(gradient).zip(momentum) {
                *momentum = keep * *momentum + gradient;
                *step = gradient + keep * *momentum;
            }
        });
        let Ok(step) = Array2::from_shape_vec((rows, columns), step) else {
            unreachable!("{rows} rows of {columns} values")
        };
        let step = orthogonalize(step, self.precision);
        let size = 0.2 * (rows.max(columns) as f64).sqrt();
        let rate = T::from_f64(update.rate * size);
        let shrink = T::from_f64(1.0 - update.rate * update.weight_decay);
        let Some(step) = step.as_slice() else { unreachable!("it is in standard layout") };
        values.par_chunks_mut(CHUNK).zip(step.par_chunks(CHUNK)).for_each(|(values, step)| {
            for (value, &step) in values.iter_mut().zip(step) {
                *value = shrink * *value - rate * step;
            }
        });
    }
}

/// A norm below which a matrix counts as zeros: its inverse would leave the range of f32. The
/// momentum of a parameter that gets no gradient any more fades to there.
const FADED: f64 = 1e-30;

/// Iterations of [`orthogonalize`].
const ITERATIONS: usize = 5;

/// The matrix with its singular values brought into 0.7 to 1.2, but for those below about a
/// thousandth of its norm, which become less: five Newton-Schulz iterations `X ← aX + (bA +
/// cA²)X` with `A = XXᵀ` and Jordan's coefficients. A matrix of zeros, or next to it,
/// becomes one of zeros.
///
/// In standard layout, and so is the result.
fn orthogonalize<T: Element>(matrix: Array2<T>, precision: Precision) -> Array2<T> {
    let is_tall = matrix.nrows() > matrix.ncols();
    let mut x = if is_tall { transposed(&matrix) } else { matrix };
    let norm = x.as_slice().map_or(0.0, sum_of_squares).sqrt();
    if norm > FADED {
        let scale = T::from_f64(1.0 / norm);
        x.mapv_inplace(|value| value * scale);
        let [a, b, c] = [3.4445, -4.7750, 2.0315].map(T::from_f64);
        for _ in 0..ITERATIONS {
            let once = gram(x.view(), precision);
            // It is symmetric: its square is its product with its transpose.
            let mut factor = gram(once.view(), precision);
            factor.zip_mut_with(&once, |square, &once| *square = b * once + c * *square);
            factor.diag_mut().mapv_inplace(|value| value + a);
            x = matmul(factor.view(), x.view(), precision);
        }
    } else {
        x.fill(T::zero());
    }
    if is_tall { transposed(&x) } else { x }
}

fn transposed<T: Element>(matrix: &Array2<T>) -> Array2<T> {
    matrix.t().as_standard_layout().into_owned()
}
