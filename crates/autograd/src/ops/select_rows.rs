//! Rows picked by number: embeddings of anchors, positives and negatives.

use ndarray::{ArrayD, Axis};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// The entries of the first axis with these numbers, in this order; a number may
    /// come more than once. Derivative: each row's gradient is added to the row it
    /// came from. Defined everywhere.
    ///
    /// # Shapes
    /// R × anything. Returns `rows.len()` × the same.
    ///
    /// # Panics
    /// If there is no axis, or a number is not below R.
    #[must_use]
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let Some(count) = self.shape().first() else {
            panic!("select_rows: a single number has no rows")
        };
        for row in rows {
            assert!(row < count, "select_rows: row {row} of {count}");
        }
        let shape = self.value().raw_dim();
        let output = self.value().select(Axis(0), rows);
        let rows = rows.to_vec();
        Self::record(&[self], output, move |gradient, parents| {
            let mut sums = ArrayD::zeros(shape);
            for (row, gradient) in rows.iter().zip(gradient.outer_iter()) {
                let mut sum = sums.index_axis_mut(Axis(0), *row);
                sum += &gradient;
            }
            parents.add(0, sums);
        })
    }
}
