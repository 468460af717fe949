//! Normalization across neighboring channels.

use ndarray::Ix4;
use tensor::Element;
use tensor::ops::{self, LocalResponseNormOptions};

use crate::Var;
use crate::axes::fixed;

impl<T: Element> Var<T> {
    /// `x / (k + alpha / size · Σ x²)^beta`, see
    /// [`ops::local_response_norm`](tensor::ops::local_response_norm()). Derivative: as
    /// [`local_response_norm_backward`](ops::local_response_norm_backward) states it,
    /// defined where the bracket is positive, which `k > 0` and `alpha >= 0` ensure.
    ///
    /// # Shapes
    /// N × C × H × W. Returns N × C × H × W.
    ///
    /// # Panics
    /// If it has not four axes or `size` is zero.
    #[must_use]
    pub fn local_response_norm(&self, options: LocalResponseNormOptions) -> Self {
        let input = self.expect::<Ix4>("local_response_norm", "input");
        let output = ops::local_response_norm(input.view(), options);
        Self::record(&[self], output, move |gradient, parents| {
            let gradient = fixed::<_, Ix4>(gradient);
            let (input, gradient) = (input.view(), gradient.view());
            parents.add(0, ops::local_response_norm_backward(input, gradient, options));
        })
    }
}
