//! Matrix product.

use ndarray::Ix2;
use tensor::Element;

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// `a b`. Derivative: `g bᵀ` for `a` and `aᵀ g` for `b`, with `g` the gradient of
    /// the product. Defined everywhere.
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
}
