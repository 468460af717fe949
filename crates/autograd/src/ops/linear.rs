//! Matrix products: matmul, and the fully connected layer dense.

use ndarray::{Ix1, Ix2};
use tensor::{Element, ops};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// The matrix product `a b`. Derivative: `g bᵀ` for `a` and `aᵀ g` for `b`, with `g` the
    /// gradient of the product. Defined everywhere.
    ///
    /// # Shapes
    /// `a`: M × K, `b`: K × N. Returns M × N.
    ///
    /// # Panics
    /// If either is not a matrix or K differs.
    #[must_use]
    pub fn matmul(&self, other: &Self) -> Self {
        let left = self.expect::<Ix2>("matmul", "left side");
        let right = other.expect::<Ix2>("matmul", "right side");
        let ((m, k), (rows, n)) = (left.dim(), right.dim());
        assert_eq!(k, rows, "matmul: {m} x {k} times {rows} x {n}");
        // GEMM: (m, k, n) = (M, K, N).
        let output = left.dot(&right);
        Self::record(&[self, other], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix2>(gradient);
            if parents.wants(0) {
                // GEMM: (m, k, n) = (M, N, K).
                parents.add(0, gradient.dot(&right.t()));
            }
            if parents.wants(1) {
                // GEMM: (m, k, n) = (K, M, N).
                parents.add(1, left.t().dot(&gradient));
            }
        })
    }

    /// `x weightᵀ + bias`, see [`ops::dense`](tensor::ops::dense()). Derivative: `g weight` for
    /// the input, `gᵀ x` for the weight, the column sums of `g` for the bias, with `g`
    /// the gradient of the output. Defined everywhere.
    ///
    /// # Shapes
    /// N × I; `weight`: O × I, `bias`: O. Returns N × O.
    ///
    /// # Panics
    /// If an argument has another number of axes, or I or O differ between them.
    #[must_use]
    pub fn dense(&self, weight: &Self, bias: Option<&Self>) -> Self {
        let input = self.expect::<Ix2>("dense", "input");
        let factors = weight.expect::<Ix2>("dense", "weight");
        let shift = bias.map(|bias| bias.expect::<Ix1>("dense", "bias"));
        let shift = shift.as_ref().map(|shift| shift.view());
        let output = ops::dense(input.view(), factors.view(), shift);
        let mut parents = vec![self, weight];
        parents.extend(bias);
        let has_bias = bias.is_some();
        Self::record(&parents, output, move |gradient, parents| {
            let gradient = fixed::<_, Ix2>(gradient);
            let gradient = ops::dense_backward(input.view(), factors.view(), gradient.view());
            parents.add(0, gradient.input);
            parents.add(1, gradient.weight);
            if has_bias {
                parents.add(2, gradient.bias);
            }
        })
    }
}
