//! Cross-entropy of scores against class numbers.
//!
//! Fused with the softmax, because the logarithm of a rounded probability loses what
//! the difference of scores still has, and because the derivative is simpler than
//! that of either part.

use ndarray::{Ix2, IxDyn, arr0};
use tensor::Element;

use super::softmax::{greatest, softmax};
use crate::Var;

impl<T: Element> Var<T> {
    /// Mean over the rows of `ln Σ exp(x[j]) - x[label]`. Derivative: the row's softmax,
    /// less one at the label, over N. Defined everywhere.
    ///
    /// The row's maximum is subtracted first, so that no exponential overflows.
    ///
    /// # Shapes
    /// N × K scores and N labels. Returns a single number, of no axes.
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
