//! Muon: momentum whose step is made orthogonal.

use ndarray::{Array2, Axis};
use tensor::Element;

use super::adamw::AdamW;
use super::{Algorithm, Update};

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
}

impl Default for Muon {
    /// 0.95, and AdamW's defaults.
    fn default() -> Self {
        Self { momentum: 0.95, vectors: AdamW::default() }
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
        let mut step = Array2::zeros((rows, columns));
        for ((step, &gradient), momentum) in step.iter_mut().zip(gradient).zip(momentum) {
            *momentum = keep * *momentum + gradient;
            *step = gradient + keep * *momentum;
        }
        let step = orthogonalize(step);
        let size = 0.2 * (rows.max(columns) as f64).sqrt();
        let rate = T::from_f64(update.rate * size);
        let shrink = T::from_f64(1.0 - update.rate * update.weight_decay);
        for (value, &step) in values.iter_mut().zip(&step) {
            *value = shrink * *value - rate * step;
        }
    }
}

/// Iterations of [`orthogonalize`].
const ITERATIONS: usize = 5;

/// The matrix with its singular values brought into 0.7 to 1.2, but for those below about a
/// thousandth of its norm, which become less: five Newton-Schulz iterations `X ← aX + (bA +
/// cA²)X` with `A = XXᵀ` and Jordan's coefficients. A matrix of zeros stays as it is.
fn orthogonalize<T: Element>(matrix: Array2<T>) -> Array2<T> {
    let is_tall = matrix.len_of(Axis(0)) > matrix.len_of(Axis(1));
    let mut x = if is_tall { matrix.reversed_axes().as_standard_layout().into_owned() } else { matrix };
    let norm = x.iter().map(|value| value.into_f64().powi(2)).sum::<f64>().sqrt();
    if norm > 0.0 {
        let scale = T::from_f64(1.0 / norm);
        x.mapv_inplace(|value| value * scale);
        let [a, b, c] = [3.4445, -4.7750, 2.0315].map(T::from_f64);
        for _ in 0..ITERATIONS {
            let gram = x.dot(&x.t());
            let mut factor = gram.dot(&gram);
            factor.zip_mut_with(&gram, |square, &gram| *square = b * gram + c * *square);
            factor.diag_mut().mapv_inplace(|value| value + a);
            x = factor.dot(&x);
        }
    }
    if is_tall { x.reversed_axes().as_standard_layout().into_owned() } else { x }
}
