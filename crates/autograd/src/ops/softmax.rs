//! Rows of scores as rows of probabilities.

use ndarray::{Array2, ArrayView2, Ix2, Zip};
use tensor::Element;

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// `exp(x[i]) / Σ exp(x[j])` of each row. Derivative: `y (g - Σ g y)`, with `y` the
    /// output and `g` its gradient. Defined everywhere.
    ///
    /// The row's maximum is subtracted first, so that no exponential overflows.
    ///
    /// # Shapes
    /// N × K. Returns N × K.
    ///
    /// # Panics
    /// If it is not a matrix.
    #[must_use]
    pub fn softmax(&self) -> Self {
        let scores = self.expect::<Ix2>("softmax", "input");
        let output = softmax(scores.view()).into_shared();
        let probabilities = output.clone();
        Self::record(&[self], output, move |gradient, parents| {
            let mut gradient = fixed::<_, Ix2>(gradient);
            Zip::from(gradient.rows_mut()).and(probabilities.rows()).for_each(
                |mut gradient, probabilities| {
                    let mean = gradient.dot(&probabilities);
                    gradient.zip_mut_with(&probabilities, |gradient, probability| {
                        *gradient = *probability * (*gradient - mean);
                    });
                },
            );
            parents.add(0, gradient);
        })
    }
}

/// The softmax of each row.
pub(super) fn softmax<T: Element>(scores: ArrayView2<'_, T>) -> Array2<T> {
    let mut probabilities = scores.as_standard_layout().into_owned();
    for mut row in probabilities.rows_mut() {
        let greatest = greatest(row.iter().copied());
        row.mapv_inplace(|score| (score - greatest).exp());
        let sum = row.sum();
        row.mapv_inplace(|value| value / sum);
    }
    probabilities
}

/// The greatest score of a row.
pub(super) fn greatest<T: Element>(scores: impl Iterator<Item = T>) -> T {
    scores
        .fold(T::neg_infinity(), |greatest, score| if score > greatest { score } else { greatest })
}
