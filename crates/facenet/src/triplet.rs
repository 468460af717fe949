//! The triplet loss, formula (3) of the notebook and (1) of FaceNet.
//!
//! `J = Σ max(|A - P|² - |A - N|² + margin, 0)` over the batch: a picture A of
//! somebody shall be nearer to another picture P of the same person than to any
//! N of somebody else, by a margin.
//!
//! | item | what it is |
//! | --- | --- |
//! | [`loss`] | the formula, over triplets that are given row by row |
//! | [`batch_loss`] | the same on a tape, over triplets of a batch: what training makes small |
//! | [`mine`] | which triplets of a batch to learn from |

mod batch;
mod mining;

pub use batch::{Reduction, batch_loss};
pub use mining::{Mining, Triplet, mine, squared_distances};

use ndarray::{ArrayView2, Zip};
use tensor::Element;

/// The margin of both sources.
pub const MARGIN: f64 = 0.2;

/// The loss of a batch, summed.
///
/// # Shapes
/// Anchors, positives and negatives are each `(m, d)`, row by row one triplet.
///
/// # Panics
/// When the three shapes differ.
///
/// ```
/// use ndarray::array;
/// let (anchor, positive, negative) = (array![[0.0, 1.0]], array![[0.0, 1.0]], array![[0.3, 1.0]]);
/// let loss: f64 = facenet::triplet::loss(anchor.view(), positive.view(), negative.view(), 0.2);
/// assert!((loss - 0.11).abs() < 1e-12);
/// ```
pub fn loss<T: Element>(
    anchor: ArrayView2<'_, T>,
    positive: ArrayView2<'_, T>,
    negative: ArrayView2<'_, T>,
    margin: f64,
) -> T {
    assert_eq!(anchor.dim(), positive.dim(), "anchors and positives differ in shape");
    assert_eq!(anchor.dim(), negative.dim(), "anchors and negatives differ in shape");
    let squared = |a: ArrayView2<'_, T>, row: usize, b: ArrayView2<'_, T>| {
        Zip::from(a.row(row)).and(b.row(row)).fold(T::zero(), |sum, &x, &y| sum + (x - y) * (x - y))
    };
    (0..anchor.nrows())
        .map(|row| {
            let difference = squared(anchor, row, positive) - squared(anchor, row, negative);
            (difference + T::from_f64(margin)).max(T::zero())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn equal_encodings_cost_the_margin_each() {
        let same = Array2::<f64>::ones((3, 128));
        let loss = loss(same.view(), same.view(), same.view(), MARGIN);
        assert!((loss - 3.0 * MARGIN).abs() < 1e-12);
    }

    #[test]
    fn each_triplet_is_clipped_by_itself() {
        // The first is easy (-3.8 before clipping), the second costs 1 - 0 + 0.2.
        let anchor = array![[0.0_f64, 0.0], [0.0, 0.0]];
        let positive = array![[0.0, 0.0], [1.0, 0.0]];
        let negative = array![[2.0, 0.0], [0.0, 0.0]];
        let loss = loss(anchor.view(), positive.view(), negative.view(), MARGIN);
        assert!((loss - 1.2).abs() < 1e-12);
    }

    #[test]
    fn an_empty_batch_costs_nothing() {
        let none = Array2::<f32>::zeros((0, 128));
        assert_eq!(loss(none.view(), none.view(), none.view(), MARGIN), 0.0);
    }
}
