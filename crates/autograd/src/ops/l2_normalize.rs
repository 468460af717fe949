//! Scaling of rows to unit length.

use ndarray::Ix2;
use tensor::{Element, ops};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// `x / sqrt(max(Σ x², epsilon))` of each row, see
    /// [`ops::l2_normalize`](tensor::ops::l2_normalize()). Derivative: `(g - y (y · g)) / |x|`,
    /// with `y` the output and `g` its gradient; `g / sqrt(epsilon)` for rows shorter
    /// than that. At equality, where it jumps, the first is taken.
    ///
    /// # Shapes
    /// N × I. Returns N × I.
    ///
    /// # Panics
    /// If it is not a matrix.
    #[must_use]
    pub fn l2_normalize(&self, epsilon: f64) -> Self {
        let input = self.expect::<Ix2>("l2_normalize", "input");
        let output = ops::l2_normalize(input.view(), epsilon);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix2>(gradient);
            parents.add(0, ops::l2_normalize_backward(input.view(), gradient.view(), epsilon));
        })
    }
}
