//! Classification: softmax, and its cross-entropy as a loss.
//!
//! The cross-entropy is fused with the softmax, because the logarithm of a rounded
//! probability loses digits that the difference of scores still has, and because the
//! derivative is simpler than that of either part.

use ndarray::{Array2, ArrayView2, Ix2, IxDyn, Zip, arr0};
use tensor::Element;

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// `exp(x[i]) / Σ exp(x[j])` of each row. Derivative: `y (g - Σ g y)`, with `y` the
    /// output and `g` its gradient. Defined everywhere.
    ///
    /// The maximum of the row is subtracted first, so that no exponential overflows.
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

    /// Mean over the rows of `ln Σ exp(x[j]) - x[label]`. Derivative: the row's softmax,
    /// less one at the label, over N. Defined everywhere.
    ///
    /// The maximum of the row is subtracted first, so that no exponential overflows.
    ///
    /// # Shapes
    /// N × K scores and N labels. Returns a single number, without axes.
    ///
    /// # Panics
    /// If it is not a matrix, N is zero or not the number of labels, or a label is not
    /// below K.
    #[must_use]
    pub fn softmax_cross_entropy(&self, labels: &[usize]) -> Self {
        let scores = self.expect::<Ix2>("softmax_cross_entropy", "scores");
        let (n, k) = scores.dim();
        assert!(
            n > 0 && n == labels.len(),
            "softmax_cross_entropy: {n} rows of scores, {} labels",
            labels.len()
        );
        let mut total = T::zero();
        for (row, label) in scores.rows().into_iter().zip(labels) {
            assert!(*label < k, "softmax_cross_entropy: label {label} of {k} classes");
            let greatest = greatest(row.iter().copied());
            let sum: T = row.iter().map(|score| (*score - greatest).exp()).sum();
            total += sum.ln() - (row[*label] - greatest);
        }
        let scale = T::from_f64(1.0 / n as f64);
        let labels = labels.to_vec();
        Self::record(&[self], arr0(total * scale), move |gradient, parents| {
            let mut derivative = softmax(scores.view());
            for (row, label) in labels.into_iter().enumerate() {
                derivative[[row, label]] -= T::one();
            }
            derivative *= gradient[IxDyn(&[])] * scale;
            parents.add(0, derivative);
        })
    }
}

/// The softmax of each row.
fn softmax<T: Element>(scores: ArrayView2<'_, T>) -> Array2<T> {
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
fn greatest<T: Element>(scores: impl Iterator<Item = T>) -> T {
    scores
        .fold(T::neg_infinity(), |greatest, score| if score > greatest { score } else { greatest })
}
