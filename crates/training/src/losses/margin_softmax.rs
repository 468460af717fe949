//! A margin softmax against fixed centers.
//!
//! One operator and not a chain of them: with thousands of centers the logits of a batch
//! are its largest array, and only their softmax is needed again.

use autograd::Var;
use ndarray::{Array2, ArrayView2, Axis, Ix2};
use serde::{Deserialize, Serialize};
use tensor::Element;

use crate::error::OptionsError;

/// How the margin softmax is weighed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginOptions {
    /// Weight of the loss beside the others.
    pub weight: f64,
    /// Multiplies cosines before the softmax.
    pub scale: f64,
    /// Is taken from the cosine to the own center.
    pub margin: f64,
}

impl Default for MarginOptions {
    /// CosFace's scale and margin, 32 and 0.2, for cosines with a spread of 0.62².
    fn default() -> Self {
        Self { weight: 0.02, scale: 83.0, margin: 0.077 }
    }
}

impl MarginOptions {
    pub(in super::super) fn check(self) -> Result<(), OptionsError> {
        for (option, value, limit, expected) in [
            ("loss.margin.weight", self.weight, 1e6, "0 to 1000000"),
            ("loss.margin.scale", self.scale, 1e4, "0 to 10000"),
            ("loss.margin.margin", self.margin, 2.0, "0 to 2"),
        ] {
            OptionsError::check(option, value, expected, (0.0..=limit).contains(&value))?;
        }
        Ok(())
    }
}

/// The mean over those rows that have a center of
/// `-log(exp(s (c_y - m)) / (exp(s (c_y - m)) + Σ exp(s c_j)))`, where `c_j` is the cosine to
/// center j, `c_y` that to the own one, s the scale and m the margin (CosFace, Wang et al.,
/// 2018, formula (4)); the weight is the caller's. Centers do not move (as in AdaDistill,
/// arXiv 2407.01332, where they are the teacher's).
///
/// Derivative: `s (softmax - onehot) C / rows`. Without a row that has a center the loss is 0
/// and so is its gradient.
///
/// # Shapes
/// `encodings`: `(n, d)`; `centers`: `(p, d)`, rows of both of unit length; `rows`: n, the own
/// center of each encoding. Returns a number.
///
/// # Panics
/// If shapes disagree or a row is not there.
#[must_use]
pub fn margin_softmax<T: Element>(
    encodings: &Var<T>,
    centers: ArrayView2<'_, T>,
    rows: &[Option<usize>],
    scale: f64,
    margin: f64,
) -> Var<T> {
    let Ok(x) = encodings.shared().into_dimensionality::<Ix2>() else {
        panic!("margin_softmax: encodings have shape {:?}, two axes expected", encodings.shape());
    };
    assert_eq!(x.nrows(), rows.len(), "margin_softmax: encodings and their centers");
    assert_eq!(x.ncols(), centers.ncols(), "margin_softmax: lengths of encodings and centers");
    let labeled: Vec<(usize, usize)> =
        rows.iter().enumerate().filter_map(|(i, row)| Some((i, (*row)?))).collect();
    let chosen: Vec<usize> = labeled.iter().map(|&(i, _)| i).collect();
    // (m, k, n) = (labeled, D, P).
    let mut softmax = x.select(Axis(0), &chosen).dot(&centers.t());
    let (scale, margin) = (T::from_f64(scale), T::from_f64(margin));
    let share = T::from_f64(1.0 / labeled.len().max(1) as f64);
    let mut loss = T::zero();
    for (mut logits, &(_, own)) in softmax.rows_mut().into_iter().zip(&labeled) {
        assert!(own < logits.len(), "margin_softmax: center {own} of {}", logits.len());
        logits[own] -= margin;
        let largest = logits.fold(T::neg_infinity(), |a, &b| a.max(b));
        let own_logit = scale * (logits[own] - largest);
        logits.mapv_inplace(|cosine| (scale * (cosine - largest)).exp());
        let sum = logits.sum();
        loss += (sum.ln() - own_logit) * share;
        logits.mapv_inplace(|value| value / sum);
        logits[own] -= T::one();
    }
    // What follows from it, already: the centers need not be kept.
    let pull = softmax.dot(&centers);
    let shape = x.raw_dim();
    Var::record(&[encodings], ndarray::arr0(loss), move |gradient, parents| {
        let factor = gradient.sum() * scale * share;
        let mut all = Array2::<T>::zeros(shape);
        for (row, &i) in pull.rows().into_iter().zip(&chosen) {
            all.row_mut(i).assign(&row.mapv(|value| value * factor));
        }
        parents.add(0, all);
    })
}

#[cfg(test)]
mod tests {
    use autograd::Tape;
    use autograd::gradcheck::{assert_gradient, points::distinct};
    use ndarray::array;

    use super::*;

    #[test]
    fn gradients_agree_with_differences() {
        let centers: Array2<f64> = distinct(&[6, 5], 9).into_dimensionality().unwrap();
        for rows in [[Some(2), None, Some(5)], [Some(0), Some(0), Some(1)], [None; 3]] {
            assert_gradient(&[distinct(&[3, 5], 3)], |x| {
                let x = x[0].l2_normalize(1e-12);
                margin_softmax(&x, centers.view(), &rows, 7.0, 0.3).mul_scalar(-2.0)
            });
        }
    }

    #[test]
    fn values_by_hand() {
        let centers = array![[1.0, 0.0], [0.0, 1.0]];
        let loss = |x: Array2<f64>, rows: &[Option<usize>], scale, margin| {
            margin_softmax(&Tape::new().parameter(x), centers.view(), rows, scale, margin).item()
        };
        // Logits 2 (1 - 0.5) = 1 and 0.
        let one = (1.0 + (-1.0_f64).exp()).ln();
        assert!((loss(array![[1.0, 0.0]], &[Some(0)], 2.0, 0.5) - one).abs() < 1e-15);
        // The other one: logits 2 and -1.
        let other = (1.0 + 3.0_f64.exp()).ln();
        let two = array![[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]];
        let mean = loss(two.clone(), &[Some(0), Some(1), None], 2.0, 0.5);
        assert!((mean - (one + other) / 2.0).abs() < 1e-15);
        assert_eq!(loss(two, &[None; 3], 2.0, 0.5), 0.0);
        // Nothing overflows.
        assert!(loss(array![[1.0, 0.0]], &[Some(1)], 1e4, 0.5).is_finite());
    }
}
