//! The same values in another shape.

use ndarray::{ArcArray, Dimension, IxDyn};
use tensor::Element;

use crate::Var;

impl<T: Element> Var<T> {
    /// The same values, in row-major order, in another shape. Nothing is copied if
    /// they lie in that order. Derivative: the gradient in the old shape.
    ///
    /// # Shapes
    /// Any. Returns `shape`.
    ///
    /// # Panics
    /// If the number of values differs.
    #[must_use]
    pub fn reshape(&self, shape: &[usize]) -> Self {
        let old = self.value().raw_dim();
        let output = reshaped(self.shared(), "reshape", IxDyn(shape));
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = reshaped(gradient.into_shared(), "reshape", old);
            // Not shared with anything, so it only changes hands.
            parents.add(0, gradient.into_owned());
        })
    }

    /// The same values with all axes but the first joined into one, as a dense layer
    /// takes them. Derivative: as of [`reshape`](Self::reshape).
    ///
    /// # Shapes
    /// N × anything. Returns N × I.
    ///
    /// # Panics
    /// If there is no axis.
    #[must_use]
    pub fn flatten(&self) -> Self {
        let Some((n, others)) = self.shape().split_first() else {
            panic!("flatten: a single number has no axes")
        };
        self.reshape(&[*n, others.iter().product()])
    }
}

/// Copies only what is not in row-major order.
fn reshaped<T: Element>(
    values: ArcArray<T, IxDyn>,
    name: &str,
    shape: IxDyn,
) -> ArcArray<T, IxDyn> {
    assert_eq!(
        values.len(),
        shape.slice().iter().product::<usize>(),
        "{name}: {:?} into {:?}",
        values.shape(),
        shape.slice()
    );
    let values = if values.is_standard_layout() {
        values
    } else {
        values.as_standard_layout().into_owned().into_shared()
    };
    let Ok(values) = values.into_shape_with_order(shape) else {
        unreachable!("a standard layout with as many values reshapes")
    };
    values
}
