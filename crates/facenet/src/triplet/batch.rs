//! The triplet loss over chosen triplets of a batch.
//!
//! One operator and not a chain of them: with every valid triplet of a batch there
//! are tens of thousands, and selecting three rows for each would copy the batch a
//! thousand times. Forward it needs the batch's squared distances only; backward
//! it counts how often each pair of pictures is a positive less how often a
//! negative, and the gradient follows from these n × n numbers.

use autograd::Var;
use ndarray::{Array2, ArrayView2, Axis, Ix2};
use serde::{Deserialize, Serialize};
use tensor::Element;

use super::mining::{Triplet, squared_distances};

/// How a batch's triplets make one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reduction {
    /// The sum, as in the notebook: larger with more triplets.
    Sum,
    /// The mean over the triplets, those that cost nothing among them.
    #[default]
    Mean,
}

/// `max(|A - P|² - |A - N|² + margin, 0)` of each triplet, summed or averaged
/// (formula (3) of the notebook, (1) of FaceNet).
///
/// Derivative of a triplet that costs something: `2 (N - P)` for the anchor,
/// `2 (P - A)` for the positive, `2 (A - N)` for the negative. At a cost of exactly
/// 0, where the formula has a kink, 0 is taken. Without triplets the loss is 0 and
/// so is its gradient.
///
/// # Shapes
/// `encodings`: `(n, d)`. Returns a number.
///
/// # Panics
/// If a triplet names a row that is not there.
#[must_use]
pub fn batch_loss<T: Element>(
    encodings: &Var<T>,
    triplets: &[Triplet],
    margin: f64,
    reduction: Reduction,
) -> Var<T> {
    let Ok(rows) = encodings.shared().into_dimensionality::<Ix2>() else {
        panic!("batch_loss: encodings have shape {:?}, two axes expected", encodings.shape());
    };
    let n = rows.nrows();
    let distances = squared_distances(rows.view());
    let weight = match reduction {
        Reduction::Sum => T::one(),
        Reduction::Mean => T::from_f64(1.0 / triplets.len().max(1) as f64),
    };
    let margin = T::from_f64(margin);
    let mut sum = T::zero();
    // For each pair: how often it should get nearer.
    let mut pull = Array2::<T>::zeros((n, n));
    for &Triplet { anchor, positive, negative } in triplets {
        let last = anchor.max(positive).max(negative);
        assert!(last < n, "batch_loss: picture {last} of {n}");
        let cost = distances[[anchor, positive]] - distances[[anchor, negative]] + margin;
        if cost > T::zero() {
            sum += cost;
            pull[[anchor, positive]] += T::one();
            pull[[anchor, negative]] -= T::one();
        }
    }
    let loss = ndarray::arr0(sum * weight);
    Var::record(&[encodings], loss, move |gradient, parents| {
        let factor = gradient.sum() * weight;
        parents.add(0, from_pulls(rows.view(), pull, factor));
    })
}

/// The gradient of `factor Σ pull[i, j] |x_i - x_j|²`:
/// `2 factor Σ_j (pull[i, j] + pull[j, i]) (x_i - x_j)` for row i.
fn from_pulls<T: Element>(x: ArrayView2<'_, T>, pull: Array2<T>, factor: T) -> Array2<T> {
    let both = &pull + &pull.t();
    let factor = factor + factor;
    // GEMM: (m, k, n) = (N, N, D).
    let mut gradient = both.dot(&x);
    let totals = both.sum_axis(Axis(1));
    for ((mut row, x), &total) in gradient.rows_mut().into_iter().zip(x.rows()).zip(&totals) {
        row.zip_mut_with(&x, |sum, &x| *sum = (total * x - *sum) * factor);
    }
    gradient
}

#[cfg(test)]
mod tests {
    use autograd::Tape;
    use autograd::gradcheck::{assert_gradient, points::distinct};
    use ndarray::{ArrayD, array};

    use super::*;
    use crate::triplet::{Mining, mine};

    const ROWS: usize = 7;

    fn all() -> Vec<Triplet> {
        let identities = [0, 0, 0, 1, 1, 2, 2];
        mine(Mining::All, Array2::<f64>::zeros((ROWS, ROWS)).view(), &identities, 0.0)
    }

    #[test]
    fn gradients_agree_with_differences() {
        let triplets = all();
        for reduction in [Reduction::Sum, Reduction::Mean] {
            for margin in [0.2, 1.0] {
                assert_gradient(&[distinct(&[ROWS, 5], 3)], |x| {
                    batch_loss(&x[0], &triplets, margin, reduction)
                });
                // Through a normalisation, and scaled on.
                assert_gradient(&[distinct(&[ROWS, 5], 4)], |x| {
                    batch_loss(&x[0].l2_normalize(1e-12), &triplets, margin, reduction)
                        .mul_scalar(-3.0)
                });
            }
        }
    }

    #[test]
    fn it_is_the_loss_of_the_notebook() {
        let encodings = distinct(&[ROWS, 5], 1);
        let flat = encodings.view().into_dimensionality::<Ix2>().unwrap();
        let triplets = all();
        let pick = |of: fn(&Triplet) -> usize| {
            let rows: Vec<_> = triplets.iter().map(of).collect();
            flat.select(Axis(0), &rows)
        };
        let (a, p, n) = (pick(|t| t.anchor), pick(|t| t.positive), pick(|t| t.negative));
        let expected: f64 = crate::triplet::loss(a.view(), p.view(), n.view(), 0.2);
        let tape = Tape::new();
        let x = tape.parameter(encodings);
        let sum = batch_loss(&x, &triplets, 0.2, Reduction::Sum).item();
        assert!((sum - expected).abs() < 1e-12 * expected, "{sum}, expected {expected}");
        let mean = batch_loss(&x, &triplets, 0.2, Reduction::Mean).item();
        assert!((mean - expected / triplets.len() as f64).abs() < 1e-12 * expected);
    }

    fn gradient(encodings: Array2<f64>, triplets: &[Triplet], margin: f64) -> (f64, ArrayD<f64>) {
        let tape = Tape::new();
        let x = tape.parameter(encodings);
        let loss = batch_loss(&x, triplets, margin, Reduction::Mean);
        (loss.item(), loss.backward().get(&x).unwrap().clone())
    }

    #[test]
    fn on_either_side_of_the_kink_and_at_it() {
        // |A - P|² - |A - N|² = 1 - 4.
        let encodings = array![[0.0], [1.0], [2.0]];
        let one = [Triplet { anchor: 0, positive: 1, negative: 2 }];
        let zero = array![[0.0], [0.0], [0.0]].into_dyn();
        assert_eq!(gradient(encodings.clone(), &one, 2.75), (0.0, zero.clone()));
        assert_eq!(gradient(encodings.clone(), &one, 3.0), (0.0, zero));
        let pulled = array![[2.0], [2.0], [-4.0]].into_dyn();
        assert_eq!(gradient(encodings, &one, 3.25), (0.25, pulled));
    }

    #[test]
    fn degenerate_batches_are_finite() {
        let equal = Array2::from_elem((4, 3), 3f64.recip().sqrt());
        let (loss, slope) = gradient(equal.clone(), &[], 0.2);
        assert_eq!((loss, slope), (0.0, ArrayD::zeros(vec![4, 3])));
        let identities = [0, 0, 1, 1];
        let distances = squared_distances(equal.view());
        let triplets = mine(Mining::Hardest, distances.view(), &identities, 0.2);
        let (loss, slope) = gradient(equal, &triplets, 0.2);
        // Every triplet costs the margin and pulls nowhere.
        assert!((loss - 0.2).abs() < 1e-15);
        assert!(slope.iter().all(|slope| slope.abs() < 1e-15));
    }

    #[test]
    fn rows_without_a_triplet_are_left_alone() {
        let encodings = distinct(&[4, 2], 1).into_dimensionality::<Ix2>().unwrap();
        let one = [Triplet { anchor: 0, positive: 1, negative: 3 }];
        let (_, slope) = gradient(encodings, &one, 4.0);
        assert!(slope.index_axis(Axis(0), 2).iter().all(|&slope| slope == 0.0));
        assert!(slope.index_axis(Axis(0), 3).iter().any(|&slope| slope != 0.0));
    }
}
